package io.serai.mapping;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Exact decimals; no floating number ever takes part. */
final class Decimals {
    private static final int MOST_INTEGER_DIGITS = 14;
    private static final int MOST_DECIMALS = 6;
    private static final int LONGEST = 60;
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,40}(\\.\\d{1,40})?");
    /** How a text groups thousands and marks decimals: the styles by their example. */
    private static final Map<String, char[]> STYLES = Map.of(
            "1,234.50", new char[]{',', '.'},
            "1.234,50", new char[]{'.', ','},
            "1'234.50", new char[]{'\'', '.'},
            "1 234,50", new char[]{' ', ','},
            "1 234.50", new char[]{' ', '.'});

    private Decimals() {}

    /** An amount of money: at least two decimals, so that 12.5 and 12.50 are the same amount; null for an empty text. */
    static String money(Object value, String text, String style) {
        var number = number(value, text, style);
        return number == null ? null : money(number);
    }

    /** A quantity, rate or other number in its shortest form; null for an empty text. */
    static String decimal(Object value, String text, String style) {
        var number = number(value, text, style);
        if (number == null) {
            return null;
        }
        var shortest = number.stripTrailingZeros();
        return (shortest.scale() < 0 ? shortest.setScale(0) : shortest).toPlainString();
    }

    /** The exact sum of amounts; absent and null ones count nothing. */
    static String total(List<?> amounts) {
        var sum = BigDecimal.ZERO;
        for (var amount : amounts) {
            var number = amount instanceof String || amount instanceof Number
                    ? number(amount, amount instanceof Number some ? plain(some) : amount.toString(), null)
                    : null;
            if (number != null) {
                sum = sum.add(number);
            }
        }
        return money(sum);
    }

    /**
     * The product of two numbers, rounded half up; null when one is missing.
     *
     * @param decimals how many decimals are kept; null for the two of an invoice
     */
    static String times(Object value, String left, String right, String decimals) {
        var first = number(value, left, null);
        var second = right == null ? null : number(right, right, null);
        if (first == null || second == null) {
            return null;
        }
        return money(first.multiply(second).setScale(decimals == null ? 2 : Integer.parseInt(decimals),
                RoundingMode.HALF_UP));
    }

    /** Without exponent and without loss; refused when that would be long. */
    static String plain(Number value) {
        var decimal = switch (value) {
            case BigDecimal exact -> exact;
            case Double floating -> BigDecimal.valueOf(floating);
            default -> null;
        };
        if (decimal == null) {
            return value.toString();
        }
        if (!ExactNumbers.fits(decimal)) {
            throw new Refused(value, "The number " + decimal + " is too long; write it as 1234.50.");
        }
        return decimal.toPlainString();
    }

    private static String money(BigDecimal number) {
        var shortest = number.stripTrailingZeros();
        return shortest.setScale(Math.max(2, shortest.scale())).toPlainString();
    }

    private static BigDecimal number(Object value, String text, String style) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        if (trimmed.length() > LONGEST) {
            throw new Refused(value, Problem.quoted(text) + " is too long for a number; write it as 1234.50.");
        }
        var normal = style == null ? unambiguous(value, trimmed) : styled(value, trimmed, style);
        if (!NUMBER.matcher(normal).matches()) {
            throw new Refused(value, Problem.quoted(text) + " is not a number; write it as 1234.50.");
        }
        var number = new BigDecimal(normal);
        if (number.precision() - number.scale() > MOST_INTEGER_DIGITS) {
            throw new Refused(value, Problem.quoted(text) + " is too large; an amount has at most "
                    + MOST_INTEGER_DIGITS + " digits before the point.");
        }
        if (number.stripTrailingZeros().scale() > MOST_DECIMALS) {
            throw new Refused(value,
                    Problem.quoted(text) + " has too many decimals; an amount has at most " + MOST_DECIMALS + ".");
        }
        return number;
    }

    /** Without a style only what can be read in one way is read: apostrophes and blanks group, a lone comma is refused. */
    private static String unambiguous(Object value, String text) {
        var normal = signed(text).replace("'", "").replace("’", "").replaceAll("[\\s\\u00A0\\u202F]", "");
        if (normal.indexOf(',') < 0) {
            return normal;
        }
        if (normal.matches("-?\\d{1,3}(,\\d{3})+\\.\\d+")) {
            return normal.replace(",", "");
        }
        throw new Refused(value, Problem.quoted(text)
                + " can be read in two ways; name the style in the mapping, such as $money(value, \"1.234,50\").");
    }

    private static String styled(Object value, String text, String style) {
        var marks = STYLES.get(style);
        if (marks == null) {
            throw new Functions.IllegalCall("There is no style \"" + style + "\"; there are "
                    + String.join("  ", STYLES.keySet().stream().sorted().toList()) + ".");
        }
        var normal = signed(text).replace('’', '\'').replace('\u00A0', ' ').replace('\u202F', ' ');
        var group = Pattern.quote(String.valueOf(marks[0]));
        var point = Pattern.quote(String.valueOf(marks[1]));
        if (!normal.matches("-?(\\d+|\\d{1,3}(" + group + "\\d{3})+)(" + point + "\\d+)?")) {
            throw new Refused(value, Problem.quoted(text) + " is not a number written like " + style + ".");
        }
        return normal.replace(String.valueOf(marks[0]), "").replace(marks[1], '.');
    }

    /** Hosts write the sign behind the number. */
    private static String signed(String text) {
        if (text.endsWith("-") && text.length() > 1 && !text.startsWith("-")) {
            return "-" + text.substring(0, text.length() - 1).strip();
        }
        return text.startsWith("+") ? text.substring(1) : text;
    }
}
