package io.serai.hub.crm;

import java.time.Duration;
import java.util.List;

/** One kind of work that lanes hand out. @param <C> a claim */
interface LaneWork<C> {

    List<C> claim(int most, Duration lease);

    /** Does it and records what came of it; throws only when that cannot be recorded. */
    void carryOut(C claim);

    SpokePause pause();
}
