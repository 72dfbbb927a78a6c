package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * One kind of work that lanes hand out.
 *
 * @param <C> a claim
 * @param <R> what came of it
 */
interface LaneWork<C, R> {

    /** @param owed requests beside those of claims, where requests are counted */
    List<C> claim(int most, Duration lease, int owed);

    /** When it may be sent. */
    Instant notBefore(C claim);

    /** Does it; is interrupted when it takes too long. */
    R attempt(C claim);

    /** It was not even tried. @param wait before anybody tries */
    R untried(C claim, Duration wait);

    void record(R result);
}
