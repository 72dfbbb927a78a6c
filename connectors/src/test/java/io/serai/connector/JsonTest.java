package io.serai.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void keepsMoneyExact() throws MalformedException {
        Map<?, ?> value = (Map<?, ?>) read("{\"total\": 19.90, \"id\": 9007199254740993}");

        assertThat(value.get("total")).isEqualTo(new BigDecimal("19.90"));
        assertThat(value.get("id")).isEqualTo(9007199254740993L);
        assertThat(new String(Json.write(value), StandardCharsets.UTF_8)).isEqualTo(
                "{\"total\":19.90,\"id\":9007199254740993}");
    }

    @Test
    void refusesWhatWouldHurt() {
        refused("[".repeat(51) + "]".repeat(51));
        refused("[" + "1,".repeat(200_001) + "1]");
        refused("{\"a\":1,\"a\":2}");
        refused("{} {}");
        refused("<html>");
        refused("");
    }

    /** A few characters that become a gigabyte as soon as somebody writes them without exponent. */
    @Test
    void refusesNumbersThatAreLongWhenWrittenOut() throws MalformedException {
        for (String number : List.of("1e999999999", "-1E+61", "1e-61", "1.5e-999999999", "1e99999999999")) {
            assertThatThrownBy(() -> read("{\"id\": 1,\n \"total\": " + number + "}")).as(number)
                    .isInstanceOf(MalformedException.class).hasMessageContaining("in line 2")
                    .hasMessageContaining("no number may have more than 60 digits");
        }
        assertThat(read("[1e59, -12.5E-3, 7, 12345678901234567890, 0.10]")).isEqualTo(List.of(new BigDecimal("1e59"),
                new BigDecimal("-0.0125"), 7, new BigInteger("12345678901234567890"), new BigDecimal("0.10")));
    }

    @Test
    void findsValuesByPointer() {
        Object value = Map.of("a/b", List.of(Map.of("c", 1)));

        assertThat(Json.at(value, "/a~1b/0/c")).isEqualTo(1);
        assertThat(Json.at(value, "/a~1b/1/c")).isNull();
        assertThat(Json.textAt(value, "/a~1b")).isNull();
        assertThat(Json.wrap(1, "/x/y")).isEqualTo(Map.of("x", Map.of("y", 1)));
    }

    private static Object read(String json) throws MalformedException {
        return Json.read(json.getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(String json) {
        assertThatThrownBy(() -> read(json)).isInstanceOf(MalformedException.class);
    }
}
