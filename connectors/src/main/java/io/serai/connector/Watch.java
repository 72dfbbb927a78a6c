package io.serai.connector;

/** Hears how an inlet fares, so that the hub can show a spoke's health. The reasons hold no secret and no payload. */
public interface Watch {
    /** Nobody listens. */
    Watch NOBODY = new Watch() {
        @Override
        public void succeeded() {}

        @Override
        public void failed(String reason) {}
    };

    void succeeded();

    void failed(String reason);

    /** Tells the hub about this spoke. */
    static Watch over(Spoke spoke, Services services) {
        return new Watch() {
            @Override
            public void succeeded() {
                services.succeeded(spoke);
            }

            @Override
            public void failed(String reason) {
                services.failed(spoke, reason);
            }
        };
    }
}
