package io.serai.hub.soap;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;

/** Tells dates that have the form of one from dates that exist. */
final class CalendarDate {
    private CalendarDate() {}

    /** The value has the form of an xs:dateTime. */
    static boolean exists(String value) {
        int t = value.indexOf('T');
        String[] date = value.substring(value.startsWith("-") ? 1 : 0, t).split("-");
        try {
            LocalDate.of(Integer.parseInt(date[0]), Integer.parseInt(date[1]), Integer.parseInt(date[2]));
            String time = value.substring(t + 1, t + 9);
            if (!time.equals("24:00:00")) {
                LocalTime.parse(time);
            }
            return !date[0].equals("0000");
        } catch (DateTimeException | NumberFormatException notADate) {
            return false;
        }
    }
}
