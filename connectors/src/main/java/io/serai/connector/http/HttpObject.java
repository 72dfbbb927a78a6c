package io.serai.connector.http;

import java.util.Optional;
import java.util.Set;

import io.serai.connector.Section;

/**
 * What a connector.yaml says about one entity.
 *
 * @param id where a record holds its id
 * @param revision where a record holds its revision; null when it has none
 * @param ownKey {@code create_with_own_key}: a duplicate means that our record is there already
 * @param lookupFirst {@code lookup_then_write}: a create looks first
 * @param ifMatch whether an update names the revision it is based on
 */
record HttpObject(String id, String revision, Optional<Listing> list, Optional<Call> read, Optional<Lookup> lookup,
        Optional<Call> create, Optional<Call> update, Optional<Call> delete, boolean ownKey, boolean lookupFirst,
        boolean ifMatch) {

    /** @param items where the answer holds the records found; the pointer of a single record will do as well */
    record Lookup(Call call, String items) {}

    static HttpObject of(Section object) {
        Section record = object.section("record")
                .orElseThrow(() -> object.refuse("record", "'record' is missing here"));
        Optional<Section> upsert = object.section("upsert");
        String kind = upsert.map(section -> section.text("kind")).orElse("by_id");
        if (!Set.of("by_id", "lookup_then_write", "create_with_own_key").contains(kind)) {
            throw upsert.orElseThrow().notYet("kind", "by_id, lookup_then_write, create_with_own_key");
        }
        Optional<Lookup> lookup = object.section("lookup").map(section -> new Lookup(Call.read(section, "GET"), section
                .text("items", "")));
        if (!kind.equals("by_id") && lookup.isEmpty()) {
            throw upsert.orElseThrow().refuse("kind", "'kind: " + kind + "' needs a 'lookup:' beside it");
        }
        Optional<Call> read = object.section("read").map(section -> Call.read(section, "GET"));
        Optional<Call> create = call(upsert, "create", "POST", read);
        Optional<Call> update = call(upsert, "update", "PATCH", read);
        boolean ifMatch = object.section("concurrency").map(section -> switch (section.text("kind")) {
            case "if_match" -> true;
            case "none" -> false;
            default -> throw section.notYet("kind", "if_match, none");
        }).orElse(false);
        return new HttpObject(record.text("id"), record.text("revision", null), object.section("list").map(Listing::of),
                read, lookup, create, update, object.section("delete").map(section -> Call.read(section, "DELETE")),
                kind
                        .equals("create_with_own_key"),
                kind.equals("lookup_then_write"), ifMatch);
    }

    private static Optional<Call> call(Optional<Section> upsert, String key, String method, Optional<Call> read) {
        return upsert.flatMap(section -> section.section(key)).map(section -> {
            Call call = Call.read(section, method);
            if (call.readBack() && read.isEmpty()) {
                throw section.refuse("read", "'read: after_write' needs a 'read:' beside 'upsert:'");
            }
            return call;
        });
    }
}
