package io.serai.hub.flow;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.serai.hub.StartRefused;

class RouteFilesTest {
    @TempDir
    Path folder;

    @Test
    void acceptsTheRoutesThatComeWithTheHub() {
        assertThatCode(() -> RouteFiles.check(Path.of("."), folder)).doesNotThrowAnyException();
    }

    @Test
    void namesTheLineOfAWordThatCamelDoesNotKnow() throws IOException {
        write("""
                - route:
                    id: orders
                    from:
                      uri: timer:tick
                      steps:
                        - tooo:
                            uri: log:x
                """);
        assertThatThrownBy(this::check).isInstanceOf(StartRefused.class).hasMessageContaining("own.camel.yaml:6:")
                .hasMessageContaining("tooo");
    }

    @Test
    void namesTheLineWhereYamlBreaks() throws IOException {
        write("- route:\n    id: orders\n   from: x\n");
        assertThatThrownBy(this::check).isInstanceOf(StartRefused.class).hasMessageContaining("own.camel.yaml:3:");
    }

    @Test
    void refusesTwoRoutesWithOneName() throws IOException {
        String route = "- route: {id: orders, from: {uri: 'timer:tick', steps: []}}\n";
        write(route + route);
        assertThatThrownBy(this::check).isInstanceOf(StartRefused.class).hasMessageContaining("'orders'");
    }

    @Test
    void looksAgainAtAFileThatHasChanged() throws IOException {
        write("- route: {id: orders, from: {uri: 'timer:tick', steps: []}}\n");
        check();
        write("- rooute: {}\n");
        assertThatThrownBy(this::check).isInstanceOf(StartRefused.class);
    }

    private void write(String content) throws IOException {
        Files.createDirectories(folder.resolve("routes"));
        Files.writeString(folder.resolve("routes/own.camel.yaml"), content);
    }

    private void check() {
        RouteFiles.check(folder.resolve("routes"), folder);
    }
}
