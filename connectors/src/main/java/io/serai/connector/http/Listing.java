package io.serai.connector.http;

import java.time.Duration;

import io.serai.connector.Section;

/**
 * How the changes of an entity are listed.
 *
 * @param items where an answer holds the list
 * @param every the pause between two polls
 */
record Listing(Call call, String items, Duration every, Paging paging, Cursor cursor) {

    static Listing of(Section section) {
        section.section("deletes").ifPresent(deletes -> {
            String kind = deletes.text("kind");
            if (!kind.equals("none") && !kind.equals("webhook_only")) {
                throw deletes.notYet("kind", "none, webhook_only");
            }
        });
        return new Listing(Call.read(section, "GET"), section.text("items", ""), section.every(Duration.ofMinutes(1)),
                Paging.of(section), Cursor.of(section));
    }
}
