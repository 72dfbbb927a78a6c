package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class CustomersTest {
    @Test
    void areTheSameForTheSameSeed() {
        assertThat(new Customers(7).stream(0, 50)).containsExactlyElementsOf(new Customers(7).stream(0, 50).toList());
        assertThat(new Customers(7).customer(3)).isNotEqualTo(new Customers(8).customer(3));
    }

    @Test
    void shareNoEmailPhoneOrVatId() {
        List<Customer> all = new Customers(1).stream(0, 40_000).toList();
        assertThat(all.stream().map(Customer::email)).doesNotHaveDuplicates();
        assertThat(all.stream().map(Customer::phone).filter(Objects::nonNull)).doesNotHaveDuplicates()
                .hasSizeGreaterThan(30_000);
        assertThat(all.stream().map(Customer::vatId).filter(Objects::nonNull)).doesNotHaveDuplicates();
        assertThat(all).allSatisfy(one -> {
            assertThat(one.email()).matches("[a-z]+\\.[a-z]+\\.\\d+@example\\.(com|org|net)");
            assertThat(one.zip()).isNotBlank();
            assertThat(one.city()).isNotBlank();
        });
    }

    @Test
    void fillAFileWithBadAndRepeatedRows() throws IOException {
        CustomerFile file = CustomerFile.of(1, 1_000).withBad(37).withRepeats(50, 100);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<CustomerFile.BadRow> bad = file.writeTo(bytes);
        List<String> lines = bytes.toString(StandardCharsets.ISO_8859_1).lines().toList();
        assertThat(lines).hasSize(1_001);
        assertThat(bad).hasSize(37).extracting(CustomerFile.BadRow::fault).contains(CustomerFile.Fault.values());
        assertThat(bad).allSatisfy(row -> assertThat(lines.get((int) row.line() - 1)).startsWith(
                row.fault() == CustomerFile.Fault.BYTES ? row.id() + ";" : row.id()));
        assertThat(lines.stream().filter(line -> line.startsWith("R-"))).hasSize(50);
        assertThat(lines.stream().filter(line -> line.startsWith("N-"))).hasSize(file.fresh());
        assertThat(lines.stream().filter(line -> line.indexOf(0x81) >= 0 && line.startsWith("B-"))).isNotEmpty();
    }

    @Test
    void areWrittenInTheCharsetAskedFor() throws IOException {
        Charset windows = Charset.forName("windows-1252");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CustomerFile.of(1, 500).withDelimiter(',').withCharset(windows).writeTo(bytes);
        assertThat(bytes.toString(windows)).contains("Zürich", ",CH,");
    }
}
