package io.serai.hub.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;

import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void refusesNumbersThatAreLongWhenWrittenOut() throws Json.Malformed {
        assertThatThrownBy(() -> read("{\"total\": 1e999999999}")).isInstanceOf(Json.Malformed.class)
                .hasMessageContaining("line 1").hasMessageContaining("more than 60 digits");
        assertThat(read("{\"total\": 12.50}")).isEqualTo(Map.of("total", new BigDecimal("12.50")));
    }

    private static Object read(String json) throws Json.Malformed {
        return Json.read(json.getBytes(StandardCharsets.UTF_8));
    }
}
