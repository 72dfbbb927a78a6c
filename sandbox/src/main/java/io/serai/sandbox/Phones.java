package io.serai.sandbox;

import java.util.Map;

/** Phone numbers as the shop shows them: grouped, so never quite what was sent. */
final class Phones {
    /** Calling code to the sizes of the first groups; what is left goes in twos. */
    private static final Map<String, int[]> GROUPS = Map.of("41", new int[]{2, 3, 2, 2}, "49", new int[]{3, 4, 4},
            "33", new int[]{1, 2, 2, 2, 2}, "44", new int[]{4, 3, 3}, "39", new int[]{2, 4, 4}, "43",
            new int[]{3, 3, 4}, "1", new int[]{3, 3, 4});

    private Phones() {}

    /** {@code +41441234567}, {@code 0041 44 123 45 67} and the like as {@code +41 44 123 45 67}; local numbers as digits. */
    static String spaced(String given) {
        String digits = given.replace("(0)", "").replaceAll("[^\\d+]", "");
        digits = digits.startsWith("00") ? digits.substring(2) : digits.startsWith("+") ? digits.substring(1) : null;
        if (digits == null) {
            return given.replaceAll("\\D", "");
        }
        for (int length = 2; length >= 1; length--) {
            String code = digits.substring(0, Math.min(length, digits.length()));
            if (GROUPS.containsKey(code)) {
                return "+" + code + grouped(digits.substring(code.length()), GROUPS.get(code));
            }
        }
        return "+" + digits;
    }

    private static String grouped(String national, int[] sizes) {
        StringBuilder spaced = new StringBuilder();
        int at = 0;
        for (int group = 0; at < national.length(); group++) {
            int end = Math.min(national.length(), at + (group < sizes.length ? sizes[group] : 2));
            spaced.append(' ').append(national, at, end);
            at = end;
        }
        return spaced.toString();
    }
}
