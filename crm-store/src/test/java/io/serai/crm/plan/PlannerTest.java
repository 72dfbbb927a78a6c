package io.serai.crm.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PlannerTest {
    private static final Survivorship BY_RANK;
    static {
        Map<String, Survivorship.Policy> fields = new HashMap<>();
        Documents.CUSTOMER.fields().keySet().forEach(field -> fields.put(field, Survivorship.Policy.RANKING));
        BY_RANK = new Survivorship(Map.of("customer", fields));
    }

    private final Merge newest = new Merge("customer", Survivorship.NEWEST_EVERYWHERE, _ -> 50);
    private final Merge ranked = new Merge("customer", BY_RANK, spoke -> spoke.equals("erp") ? 80 : 20);

    @Provide
    Arbitrary<Map<String, Object>> held() {
        return Documents.held();
    }

    @Provide
    Arbitrary<Map<String, Object>> messages() {
        return Documents.messages();
    }

    @Provide
    Arbitrary<List<Map<String, Object>>> stories() {
        return Documents.messages().list().ofMinSize(2).ofMaxSize(6);
    }

    private static int moment;

    private static Source from(String spoke) {
        return new Source(spoke, UUID.nameUUIDFromBytes(new byte[]{(byte) moment, (byte) (moment >> 8)}), "m@1",
                Instant.EPOCH.plusSeconds(moment++));
    }

    private static Map<String, Object> canonical(Map<String, Object> document) {
        return Tree.of(Documents.CUSTOMER, document).document(Documents.CUSTOMER);
    }

    private static boolean same(Map<String, Object> one, Map<String, Object> other) {
        return Tree.differences(Tree.of(Documents.CUSTOMER, one), Tree.of(Documents.CUSTOMER, other)).isEmpty();
    }

    @Property
    void putsADocumentTogetherAgainAsItWas(@ForAll("held") Map<String, Object> document) {
        assertThat(canonical(document)).isEqualTo(Documents.tidy(document));
    }

    @Property
    void anEchoOfWhatIsHeldChangesNothing(@ForAll("held") Map<String, Object> golden,
            @ForAll("held") Map<String, Object> others) {
        Provenance provenance = Provenance.first(from("erp"));
        Map<String, Object> now = newest.apply(golden, golden, others, golden, provenance, from("erp")).golden();

        Merge.Result echo = newest.apply(Documents.normal(golden), golden, Documents.normal(golden), now, provenance,
                from("shop"));

        assertThat(echo.changed()).isEmpty();
        assertThat(echo.golden()).isEqualTo(now);
        assertThat(Projection.patch("customer", echo.ours(), now, Set.of())).as("what shop lacks")
                .isEqualTo(Projection.patch("customer", golden, now, Set.of()));
    }

    @Property
    void theSameMessageTwiceChangesNothingTheSecondTime(@ForAll("held") Map<String, Object> base,
            @ForAll("messages") Map<String, Object> message, @ForAll("held") Map<String, Object> golden,
            @ForAll boolean first) {
        Provenance provenance = Provenance.first(from("erp"));
        Merge.Result once = newest.apply(first ? null : base, first ? null : base, message, golden, provenance,
                from("shop"));
        Merge.Result twice = newest.apply(once.base(), once.ours(), message, once.golden(), provenance, from("shop"));

        assertThat(twice.changed()).isEmpty();
        assertThat(twice.golden()).isEqualTo(once.golden());
        assertThat(same(twice.base(), once.base())).isTrue();
        assertThat(same(twice.ours(), once.ours())).isTrue();
    }

    @Property
    void editsOfDifferentFieldsCommuteAndBothSurvive(@ForAll("held") Map<String, Object> agreed,
            @ForAll("messages") Map<String, Object> shop, @ForAll("messages") Map<String, Object> erp) {
        shop.keySet().removeAll(erp.keySet());
        Assume.that(!shop.isEmpty() && !erp.isEmpty());

        Map<String, Object> shopFirst = twoEdits(agreed, "shop", shop, "erp", erp);
        Map<String, Object> erpFirst = twoEdits(agreed, "erp", erp, "shop", shop);

        assertThat(same(shopFirst, erpFirst)).isTrue();
        Map<String, Object> alone = newest
                .apply(agreed, agreed, shop, agreed, Provenance.first(from("erp")), from("shop")).golden();
        shop.keySet().forEach(field -> assertThat(shopFirst.get(field)).as(field).isEqualTo(alone.get(field)));
    }

    private Map<String, Object> twoEdits(Map<String, Object> agreed, String one, Map<String, Object> said,
            String other, Map<String, Object> alsoSaid) {
        Provenance provenance = Provenance.first(from("erp"));
        Map<String, Object> golden = newest.apply(agreed, agreed, said, agreed, provenance, from(one)).golden();
        return newest.apply(agreed, agreed, alsoSaid, golden, provenance, from(other)).golden();
    }

    @Property
    void absentNeverClearsAndNullAlwaysClearsWhatTheSpokeHeld(@ForAll("held") Map<String, Object> agreed,
            @ForAll("messages") Map<String, Object> message) {
        Map<String, Object> golden = newest
                .apply(agreed, agreed, message, agreed, Provenance.first(from("erp")), from("shop")).golden();

        Documents.CUSTOMER.fields().keySet().forEach(field -> {
            if (!message.containsKey(field)) {
                assertThat(golden.get(field)).as("absent %s", field).isEqualTo(canonical(agreed).get(field));
            } else if (message.get(field) == null) {
                assertThat(golden.get(field)).as("cleared %s", field).isNull();
            }
        });
        assertThat(same(golden, Documents.written(agreed, message)) || message.values().stream()
                .anyMatch(List.class::isInstance)).as("a spoke's own edits arrive whole").isTrue();
    }

    @Property
    void theOrderOfElementsInAMessageDoesNotMatter(@ForAll("held") Map<String, Object> agreed,
            @ForAll("messages") Map<String, Object> message, @ForAll Random random) {
        Map<String, Object> shuffled = new LinkedHashMap<>(message);
        shuffled.replaceAll((_, value) -> {
            if (!(value instanceof List<?> list)) {
                return value;
            }
            List<?> other = new ArrayList<>(list);
            Collections.shuffle(other, random);
            return other;
        });
        Map<String, Object> one = newest
                .apply(agreed, agreed, message, agreed, Provenance.first(from("erp")), from("shop")).golden();
        Map<String, Object> other = newest
                .apply(agreed, agreed, shuffled, agreed, Provenance.first(from("erp")), from("shop")).golden();

        assertThat(same(one, other)).isTrue();
    }

    @Property
    void aPatchBringsASpokeToWhatIsWanted(@ForAll("held") Map<String, Object> held,
            @ForAll("held") Map<String, Object> wanted) {
        Map<String, Object> patch = Projection.patch("customer", held, canonical(wanted), Set.of());

        assertThat(same(Documents.written(held, patch), wanted)).as("%s", patch).isTrue();
        assertThat(Projection.inStep("customer", Projection.over("customer", held, patch), canonical(wanted)))
                .isTrue();
    }

    @Property
    void aSpokeThatWritesThingsDownInItsOwnWayIsInStepAfterADelivery(@ForAll("held") Map<String, Object> before,
            @ForAll("held") Map<String, Object> wanted) {
        Map<String, Object> golden = canonical(wanted);
        Map<String, Object> base = Documents.normal(before);
        Map<String, Object> patch = Projection.patch("customer", before, golden, Set.of());
        base = Projection.over("customer", base, Documents.normal(patch));
        Map<String, Object> ours = Projection.over("customer", before, patch);

        assertThat(Projection.patch("customer", ours, golden, Set.of())).isEmpty();
        Merge.Result echo = newest.apply(base, ours, Documents.normal(Documents.written(before, patch)), golden,
                Provenance.first(from("erp")), from("shop"));
        assertThat(echo.changed()).isEmpty();
        assertThat(Projection.patch("customer", echo.ours(), golden, Set.of())).isEmpty();
    }

    @Property
    void anEchoThatOvertakesTheAnswerChangesNothingHoweverLittleTheSpokeKeeps(
            @ForAll("held") Map<String, Object> written, @ForAll("held") Map<String, Object> others,
            @ForAll boolean oneOfEach) {
        Provenance provenance = Provenance.first(from("erp"));
        Map<String, Object> now = newest.apply(written, written, others, written, provenance, from("erp")).golden();
        Map<String, Object> echoed = Documents.lowered(written);
        if (oneOfEach) {
            echoed.replaceAll(
                    (_, value) -> value instanceof List<?> list && !list.isEmpty() ? list.subList(0, 1) : value);
        }

        Merge.Result echo = newest.applyToUnanswered(written, echoed, now, provenance, from("shop"), List::of);

        assertThat(echo.changed()).isEmpty();
        assertThat(echo.golden()).isEqualTo(now);
    }

    @Property
    void aLostConflictIsCorrectedInTheLosersRecord(@ForAll("held") Map<String, Object> agreed,
            @ForAll("messages") Map<String, Object> erp, @ForAll("messages") Map<String, Object> shop) {
        Provenance provenance = Provenance.first(from("erp"));
        Map<String, Object> golden = ranked.apply(agreed, agreed, erp, agreed, provenance, from("erp")).golden();
        Merge.Result lost = ranked.apply(agreed, agreed, shop, golden, provenance, from("shop"));

        Map<String, Object> patch = Projection.patch("customer", lost.ours(), lost.golden(), Set.of());
        assertThat(same(Documents.written(canonical(lost.base()), patch), lost.golden()))
                .as("shop holds %s and is sent %s", lost.base(), patch).isTrue();
        for (String scalar : List.of("language", "note", "organizationName")) {
            boolean bothChanged = erp.containsKey(scalar)
                    && !java.util.Objects.equals(canonical(golden).get(scalar), canonical(agreed).get(scalar));
            if (bothChanged) {
                assertThat(lost.golden().get(scalar)).as("the higher rank's %s", scalar).isEqualTo(golden.get(scalar));
            }
        }
    }

    @Example
    void anAddressThatMovesToAnotherUseLosesTheCityThatWasClearedOnTheWay() {
        Map<String, Object> agreed = Map.of("addresses",
                List.of(Map.of("use", "shipping", "city", "Bern", "lines", List.of("Seestrasse 2"))));
        Map<String, Object> billing = new LinkedHashMap<>(Map.of("use", "billing"));
        billing.put("city", null);

        Merge.Result moved = newest.apply(agreed, agreed, Map.of("addresses", List.of(billing)), agreed,
                Provenance.first(from("erp")), from("shop"));

        assertThat(moved.golden()).isEqualTo(Map.of("addresses", List.of(Map.of("use", "billing"))));
        assertThat(Projection.patch("customer", moved.ours(), moved.golden(), Set.of())).isEmpty();
    }

    @Property
    void everyElementKeepsItsIdentity(@ForAll("stories") List<Map<String, Object>> erp,
            @ForAll("stories") List<Map<String, Object>> shop) {
        tell(erp, shop, (_, _) -> {}, result -> {
            for (Map<String, Object> document : List.of(result.golden(), result.base(), result.ours())) {
                Map.of("emails", "address", "phones", "number", "addresses", "use", "consents", "purpose")
                        .forEach((list, identity) -> {
                            if (document.get(list) instanceof List<?> elements) {
                                assertThat(elements).allSatisfy(
                                        element -> assertThat(Documents.cast(element)).containsKey(identity));
                            }
                        });
            }
        });
    }

    @Property
    void everyValueNamesTheMessageThatSetIt(@ForAll("stories") List<Map<String, Object>> erp,
            @ForAll("stories") List<Map<String, Object>> shop) {
        Map<String, Source> setBy = new HashMap<>();
        Map<String, Object> values = new HashMap<>();
        Source[] source = new Source[1];
        Provenance[] known = new Provenance[1];
        tell(erp, shop, (who, provenance) -> {
            source[0] = who;
            known[0] = provenance;
        }, result -> {
            Map<String, Object> now = new HashMap<>();
            Projection.leaves("customer", result.golden()).forEach(leaf -> now.put(leaf.getKey(), leaf.getValue()));
            now.forEach((path, value) -> {
                Source who = known[0].source(path);
                if (values.containsKey(path) && Shape.same(Object.class, values.get(path), value)) {
                    assertThat(who).as("unchanged %s", path).isIn(setBy.get(path), source[0]);
                } else if (!path.matches("/(emails|addresses|consents|phones)/.*")) {
                    assertThat(who).as("changed %s", path).isEqualTo(source[0]);
                }
                setBy.put(path, who);
            });
            values.clear();
            values.putAll(now);
            Map<String, Object> written = known[0].document();
            assertThat(Provenance.of(written).document()).isEqualTo(written);
            now.keySet().forEach(
                    path -> assertThat(Provenance.of(written).source(path)).isEqualTo(known[0].source(path)));
        });
    }

    @Example
    void doesNotMakeOneAddressOfTwo() {
        Map<String, Object> message = Map.of("addresses",
                List.of(Map.of("use", "home", "city", "Bern", "region", "BE"), Map.of("use", "home", "city", "Chur")));

        assertThat(canonical(message)).containsEntry("addresses",
                List.of(Map.of("use", "home", "city", "Bern", "region", "BE")));
    }

    @Example
    void recordsWhoseValueLostWhenAnElementIsRemoved() {
        Map<String, Object> agreed = Map.of("emails", List.of(Map.of("address", "a@example.org", "use", "home")));
        Provenance provenance = Provenance.first(from("shop"));
        Map<String, Object> golden = ranked.apply(agreed, agreed,
                Map.of("emails", List.of(Map.of("address", "a@example.org", "use", "work"))), agreed, provenance,
                from("erp")).golden();

        Merge.Result removed = ranked.apply(agreed, agreed, Map.of("emails", List.of()), golden, provenance,
                from("shop"));

        assertThat(removed.golden()).as("erp, who ranks higher, changed it").isEqualTo(golden);
        assertThat(provenance.source("/emails/a@example.org/use").spoke()).isEqualTo("erp");
        assertThat(Projection.patch("customer", removed.ours(), removed.golden(), Set.of())).containsKey("emails");
    }

    /** Two spokes talk by turns, each knowing only what it said itself. */
    private void tell(List<Map<String, Object>> erp, List<Map<String, Object>> shop,
            java.util.function.BiConsumer<Source, Provenance> before,
            java.util.function.Consumer<Merge.Result> after) {
        Source first = from("erp");
        Provenance provenance = Provenance.first(first);
        Map<String, Map<String, Object>> bases = new HashMap<>();
        Map<String, Map<String, Object>> ours = new HashMap<>();
        Map<String, Object> golden = Map.of();
        for (int i = 0; i < Math.max(erp.size(), shop.size()); i++) {
            for (String spoke : List.of("erp", "shop")) {
                List<Map<String, Object>> story = spoke.equals("erp") ? erp : shop;
                if (i < story.size()) {
                    Source source = i == 0 && spoke.equals("erp") ? first : from(spoke);
                    before.accept(source, provenance);
                    Merge.Result result = ranked.apply(bases.get(spoke), ours.get(spoke), story.get(i), golden,
                            provenance, source);
                    bases.put(spoke, result.base());
                    ours.put(spoke, result.ours());
                    golden = result.golden();
                    after.accept(result);
                }
            }
        }
    }
}
