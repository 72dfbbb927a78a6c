package io.serai.hub;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/** Lets a refusal speak for itself instead of a stack trace. */
public final class StartRefusedAnalyzer implements FailureAnalyzer {
    @Override
    public FailureAnalysis analyze(Throwable failure) {
        String refusal = HubApplication.refusal(failure);
        return refusal == null ? null : new FailureAnalysis(refusal, null, failure);
    }
}
