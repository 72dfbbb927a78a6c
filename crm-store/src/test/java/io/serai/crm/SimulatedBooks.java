package io.serai.crm;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** An accounting system: it makes an invoice whenever it is told to, unless it remembers the key. */
final class SimulatedBooks {

    /** @param findable from when on a look-up finds it */
    record Made(String reference, Object total, String number, UUID key, Instant findable) {}

    /** How long a look-up may not find what was just made. Zero where it has no keys: nobody could be safe then. */
    private final Duration lag;
    private final boolean keys;
    final List<Made> ledger = new ArrayList<>();

    SimulatedBooks(Random random) {
        this.keys = random.nextBoolean();
        this.lag = keys ? Duration.ofSeconds(random.nextInt(4)) : Duration.ZERO;
    }

    Made make(InvoiceClaim claim, Instant now) {
        if (keys) {
            for (Made made : ledger) {
                if (made.key().equals(claim.idempotencyKey())) {
                    return made;
                }
            }
        }
        Made made = new Made(claim.reference(), claim.document().get("total"), "R-" + (ledger.size() + 1),
                claim.idempotencyKey(), now.plus(lag));
        ledger.add(made);
        return made;
    }

    /** Null when it finds none. */
    Made lookUp(String reference, Instant now) {
        return ledger.stream().filter(made -> made.reference().equals(reference) && !made.findable().isAfter(now))
                .findFirst().orElse(null);
    }

    static Map<String, Object> answer(Made made) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("number", made.number());
        answer.put("issuedOn", "2026-03-01");
        return answer;
    }

    @Override
    public String toString() {
        return "books, keys " + keys + ", look-up behind by " + lag;
    }
}
