package io.serai.hub.soap;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What an element must look like, as the contract's schema says it.
 *
 * @param nillable whether {@code xsi:nil} may clear it
 */
record Shape(String name, boolean nillable, Content content) {

    /** Between an element's tags. */
    sealed interface Content permits Text, Children {}

    /** A value. */
    record Text(List<Rule> rules) implements Content {}

    /** Elements, in this order. */
    record Children(List<Place> places) implements Content {}

    /**
     * A place in the order, for one element or for one of several to choose from.
     *
     * @param most the greatest number of elements here; {@link Integer#MAX_VALUE} when there is no limit
     */
    record Place(List<Shape> choices, int least, int most) {
        Shape choice(String name) {
            for (Shape shape : choices) {
                if (shape.name.equals(name)) {
                    return shape;
                }
            }
            return null;
        }

        boolean repeats() {
            return most > 1;
        }

        String names() {
            return String.join(" or ", choices.stream().map(shape -> "<" + shape.name + ">").toList());
        }
    }

    /** What a value must obey. */
    sealed interface Rule permits Length, Matches, OneOf, Kind {
        /** What is wrong with the value, as the end of a sentence that begins with the value; null when nothing is. */
        String refuses(String value);
    }

    /** Counted in characters, not in UTF-16 units. */
    record Length(int least, int most) implements Rule {
        @Override
        public String refuses(String value) {
            int units = value.length();
            if (units <= most && units >= least && (least <= 1 || units >= 2 * least)) {
                return null;
            }
            int length = value.codePointCount(0, units);
            if (length > most) {
                return "is longer than " + most + " characters; shorten it";
            }
            return length < least ? "is shorter than " + least + " characters; give a value" : null;
        }
    }

    record Matches(Pattern pattern) implements Rule {
        @Override
        public String refuses(String value) {
            return pattern.matcher(value).matches() ? null : "does not have the form " + pattern.pattern();
        }
    }

    record OneOf(List<String> values) implements Rule {
        @Override
        public String refuses(String value) {
            return values.contains(value) ? null : "is none of " + String.join(", ", values);
        }
    }

    /** A built-in type of XML Schema. */
    enum Kind implements Rule {
        DECIMAL("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)", "is not a decimal number such as 1234.50"), LONG(
                "[+-]?[0-9]{1,18}",
                "is not a whole number"), BOOLEAN("true|false|1|0", "is neither true nor false"), DATE_TIME(
                        "-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
                                + "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?",
                        "is not a date and time such as 2026-03-01T09:30:00Z") {
                    @Override
                    public String refuses(String value) {
                        String wrong = super.refuses(value);
                        return wrong == null && !CalendarDate.exists(value) ? "is no date of the calendar" : wrong;
                    }
                };

        private final Pattern pattern;
        private final String complaint;

        Kind(String pattern, String complaint) {
            this.pattern = Pattern.compile(pattern);
            this.complaint = complaint;
        }

        @Override
        public String refuses(String value) {
            return pattern.matcher(value).matches() ? null : complaint;
        }
    }
}
