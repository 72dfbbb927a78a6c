package io.serai.mapping;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;

/** Phone numbers as people write them. */
final class Phones {
    private static final PhoneNumberUtil NUMBERS = PhoneNumberUtil.getInstance();
    private static final int LONGEST = 60;

    private Phones() {}

    /**
     * The number in E.164 form; null for an empty text.
     *
     * @param country where a number without country code belongs, alpha-2; null when only full numbers are taken
     */
    static String e164(Object value, String text, String country) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        if (trimmed.length() > LONGEST) {
            throw new Refused(value,
                    "The phone number is longer than " + LONGEST + " characters; send the number alone.");
        }
        var international = trimmed.startsWith("00") ? "+" + trimmed.substring(2) : trimmed;
        try {
            var number = NUMBERS.parse(international, country);
            var reason = NUMBERS.isPossibleNumberWithReason(number);
            return switch (reason) {
                case IS_POSSIBLE -> NUMBERS.format(number, PhoneNumberFormat.E164);
                // With the country code before it, it would be somebody else's or nobody's number.
                case IS_POSSIBLE_LOCAL_ONLY ->
                    throw new Refused(value, said(text) + " has no area code; send the whole number.");
                case TOO_SHORT -> throw new Refused(value, said(text) + " is too short; send the whole number.");
                case TOO_LONG ->
                    throw new Refused(value, said(text) + " is too long; send one number without extension.");
                case INVALID_COUNTRY_CODE ->
                    throw new Refused(value, said(text) + " has a country code that does not exist.");
                case INVALID_LENGTH ->
                    throw new Refused(value, said(text) + " has a length its country does not use; check it.");
            };
        } catch (NumberParseException e) {
            throw new Refused(value, said(text) + switch (e.getErrorType()) {
                case INVALID_COUNTRY_CODE -> " has no known country code; write it as +41441234567.";
                case NOT_A_NUMBER -> " is not a phone number; write it as +41441234567.";
                case TOO_SHORT_AFTER_IDD, TOO_SHORT_NSN -> " is too short; send the whole number.";
                case TOO_LONG -> " is too long; send one number without extension.";
            });
        }
    }

    private static String said(String text) {
        return "The phone number " + Problem.quoted(text);
    }
}
