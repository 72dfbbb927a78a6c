package io.serai.sandbox;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A CSV file as the nightly job drops it, with as many bad rows and repeated customers as wanted, spread over the file.
 *
 * @param seed of customers and places
 * @param firstIndex of the good customers
 * @param rows in all, bad and repeated ones included, the header not
 * @param bad rows that no importer may take, of all {@link Fault} kinds in turn
 * @param repeats rows that are customers {@code firstRepeated}, {@code firstRepeated + 1}… with phone and e-mail spelled
 *        differently and an id of their own
 * @param firstRepeated index of the first repeated customer
 * @param delimiter {@code ;} or {@code ,}
 */
public record CustomerFile(long seed, int firstIndex, int rows, int bad, int repeats, int firstRepeated,
        char delimiter, Charset charset) {
    private static final List<String> HEADER = List.of("id", "first_name", "last_name", "company", "email", "phone",
            "street", "zip", "city", "country", "vat_id", "language");

    /** What is wrong with a bad row. */
    public enum Fault {
        COUNTRY, EMAIL, PHONE, TOO_FEW_COLUMNS, TOO_MANY_COLUMNS, TOO_LONG, BYTES
    }

    /** @param line in the file, the header being 1 @param id of the row; may be missing in the file itself */
    public record BadRow(long line, String id, Fault fault) {}

    private enum Kind {
        GOOD, BAD, REPEATED
    }

    /** A plain file: only good rows, {@code ;} and UTF-8. */
    public static CustomerFile of(long seed, int rows) {
        return new CustomerFile(seed, Customers.FIRST_BULK_INDEX, rows, 0, 0, 0, ';', StandardCharsets.UTF_8);
    }

    /** With this many bad rows instead of good ones. */
    public CustomerFile withBad(int count) {
        return new CustomerFile(seed, firstIndex, rows, count, repeats, firstRepeated, delimiter, charset);
    }

    /** With this many rows repeating customers from index {@code first} on, instead of good ones. */
    public CustomerFile withRepeats(int count, int first) {
        return new CustomerFile(seed, firstIndex, rows, bad, count, first, delimiter, charset);
    }

    public CustomerFile withDelimiter(char character) {
        return new CustomerFile(seed, firstIndex, rows, bad, repeats, firstRepeated, character, charset);
    }

    public CustomerFile withCharset(Charset other) {
        return new CustomerFile(seed, firstIndex, rows, bad, repeats, firstRepeated, delimiter, other);
    }

    /** How many rows are good and new. */
    public int fresh() {
        return rows - bad - repeats;
    }

    /** Writes the file and says which rows are bad. */
    public List<BadRow> writeTo(OutputStream target) throws IOException {
        Random random = new Random(seed);
        Customers customers = new Customers(seed);
        List<BadRow> badRows = new ArrayList<>();
        OutputStream out = new BufferedOutputStream(target, 1 << 16);
        line(out, HEADER);
        int good = 0;
        int repeated = 0;
        for (int row = 0; row < rows; row++) {
            switch (next(random, rows - row, bad - badRows.size(), repeats - repeated)) {
                case GOOD -> line(out, cells("N-", customers.customer(firstIndex + good++), UnaryOperator.identity()));
                case REPEATED -> line(out, cells("R-", customers.customer(firstRepeated + repeated++),
                        text -> otherSpelling(text, random.nextBoolean())));
                case BAD -> {
                    Fault fault = Fault.values()[badRows.size() % Fault.values().length];
                    // Bad rows are people of their own, so that one taken in by mistake shows as one too many.
                    Customer customer = customers.customer(firstIndex + rows + badRows.size());
                    bad(out, cells("B-", customer, UnaryOperator.identity()), fault);
                    badRows.add(new BadRow(row + 2L, "B-" + customer.index(), fault));
                }
            }
        }
        out.flush();
        return badRows;
    }

    private static Kind next(Random random, int left, int badLeft, int repeatsLeft) {
        int draw = random.nextInt(left);
        return draw < badLeft ? Kind.BAD : draw < badLeft + repeatsLeft ? Kind.REPEATED : Kind.GOOD;
    }

    private static List<String> cells(String prefix, Customer customer, UnaryOperator<String> spelling) {
        String phone = customer.phone() == null ? null : Phones.spaced(customer.phone());
        return new ArrayList<>(Stream.of(prefix + customer.index(), customer.firstName(), customer.lastName(),
                customer.company(), spelling.apply(customer.email()), phone == null ? null : spelling.apply(phone),
                customer.street(), customer.zip(), customer.city(), customer.country(), customer.vatId(),
                customer.language()).map(text -> text == null ? "" : text).toList());
    }

    /** An e-mail in capitals, a phone with 00 or with dashes. */
    private static String otherSpelling(String text, boolean first) {
        if (text.contains("@")) {
            return first
                    ? text.toUpperCase(Locale.ROOT)
                    : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
        }
        return first ? text.replace("+", "00").replace(" ", "") : text.replace(' ', '-');
    }

    private void bad(OutputStream out, List<String> cells, Fault fault) throws IOException {
        switch (fault) {
            case COUNTRY -> cells.set(9, "Atlantis");
            case EMAIL -> cells.set(4, cells.get(4).replace("@", " at "));
            case PHONE -> cells.set(5, "ask at the desk");
            case TOO_FEW_COLUMNS -> cells.subList(5, cells.size()).clear();
            case TOO_MANY_COLUMNS -> cells.addAll(List.of("one", "two", "three"));
            case TOO_LONG -> cells.set(2, "Very".repeat(5_000));
            case BYTES -> {
                // 0x81 stands for nothing, in UTF-8 as in Windows-1252.
                byte[] line = text(cells).getBytes(charset);
                line[text(cells.subList(0, 2)).length()] = (byte) 0x81;
                out.write(line);
                return;
            }
        }
        line(out, cells);
    }

    private void line(OutputStream out, List<String> cells) throws IOException {
        out.write(text(cells).getBytes(charset));
    }

    private String text(List<String> cells) {
        return cells.stream().map(this::cell).collect(Collectors.joining(String.valueOf(delimiter), "", "\r\n"));
    }

    private String cell(String text) {
        boolean quote = text.indexOf(delimiter) >= 0 || text.indexOf('"') >= 0 || text.indexOf('\n') >= 0;
        return quote ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }
}
