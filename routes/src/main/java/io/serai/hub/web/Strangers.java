package io.serai.hub.web;

import java.util.concurrent.Semaphore;

/**
 * The memory that the bodies of callers whom nobody knows yet may take, all of them together. Otherwise as many as can
 * connect would fill the heap, each of them within the limit of one body.
 */
final class Strangers {
    private final Semaphore left;

    /** @param bytes for all of them */
    Strangers(int bytes) {
        left = new Semaphore(bytes);
    }

    /** The part of one caller; it has nothing yet. */
    Share share() {
        return new Share();
    }

    /** What one body took; it is given back when this is closed. For one thread. */
    final class Share implements AutoCloseable {
        private int taken;

        /**
         * Takes so many bytes more.
         *
         * @throws Problem when others have what there is
         */
        void take(int bytes) {
            if (!left.tryAcquire(bytes)) {
                throw new Problem(503, "not-available",
                        "Too many large bodies are arriving at once. Nothing was stored; send it again.");
            }
            taken += bytes;
        }

        @Override
        public void close() {
            left.release(taken);
        }
    }
}
