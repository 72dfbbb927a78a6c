package io.serai.hub.web;

import java.io.IOException;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

import io.serai.crm.StoreUnavailable;
import io.serai.crm.TooLong;

/** Every error of a controller becomes a problem document: what to mend, or to send it again; never a stack. */
@RestControllerAdvice
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    /** Seconds. */
    private static final String SOON = "5";

    @ExceptionHandler
    void problem(Problem problem, HttpServletResponse response) throws IOException {
        if (problem.status() == 413 || problem.status() == 408) {
            // What is left of the body is not worth reading.
            response.setHeader("Connection", "close");
        }
        if (problem.status() == 503) {
            response.setHeader("Retry-After", SOON);
        }
        problem.write(response);
    }

    @ExceptionHandler
    void unavailable(StoreUnavailable unavailable, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        LOG.error("{} {}: the sender was told to send it again", request.getMethod(), request.getRequestURI(),
                unavailable);
        response.setHeader("Retry-After", SOON);
        new Problem(503, "not-available",
                "The hub cannot say that it stored this. Send it again, with the same Idempotency-Key if it has one:"
                        + " what was stored already is recognised by it, or by its source.id.")
                .write(response);
    }

    @ExceptionHandler
    void tooLong(TooLong search, HttpServletResponse response) throws IOException {
        response.setHeader("Retry-After", SOON);
        new Problem(503, "too-long",
                "The hub has given up this search, because it takes too long. Narrow it by what records"
                        + " are found by: an id, a number, an address; of messages, those that are parked, rejected or waiting."
                        + " Or try again when the hub has less to do.")
                .write(response);
    }

    @ExceptionHandler
    void other(Exception failure, HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (failure instanceof ErrorResponse refused && refused.getStatusCode().is4xxClientError()) {
            response.setHeader("Allow", refused.getHeaders().getFirst("Allow"));
            int status = refused.getStatusCode().value();
            new Problem(status, status == 404 ? "not-found" : "refused", switch (status) {
                case 404 -> "There is nothing here.";
                case 405 -> "This method does not exist here.";
                default -> "The request cannot be understood.";
            }).write(response);
            return;
        }
        LOG.error("{} {} failed", request.getMethod(), request.getRequestURI(), failure);
        new Problem(500, "internal", "The hub failed at this; tell the operator the correlation id.").write(response);
    }
}
