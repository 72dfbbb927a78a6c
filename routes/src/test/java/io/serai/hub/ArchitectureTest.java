package io.serai.hub;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** A hub and its spokes: only the hub knows all three, and they do not know each other. */
@AnalyzeClasses(packages = "io.serai", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String STORE = "io.serai.crm..";
    private static final String MAPPINGS = "io.serai.mapping..";
    private static final String CONNECTORS = "io.serai.connector..";
    private static final String SANDBOX = "io.serai.sandbox..";
    private static final String HUB = "io.serai.hub..";

    @ArchTest
    static final ArchRule connectorsKnowNeitherStoreNorMappings = noClasses().that().resideInAPackage(CONNECTORS)
            .should().dependOnClassesThat().resideInAnyPackage(STORE, MAPPINGS, HUB, SANDBOX);

    @ArchTest
    static final ArchRule mappingsKnowNeitherStoreNorConnectors = noClasses().that().resideInAPackage(MAPPINGS).should()
            .dependOnClassesThat().resideInAnyPackage(STORE, CONNECTORS, HUB, SANDBOX);

    @ArchTest
    static final ArchRule storeKnowsNobody = noClasses().that().resideInAPackage(STORE).should().dependOnClassesThat()
            .resideInAnyPackage(MAPPINGS, CONNECTORS, HUB, SANDBOX, "org.apache.camel..", "org.springframework.web..",
                    "jakarta.servlet..", "jakarta.jms..", "java.net.http..", "org.springframework.boot..");

    @ArchTest
    static final ArchRule hubDoesNotNeedTheSandbox = noClasses().that().resideInAPackage(HUB).should()
            .dependOnClassesThat().resideInAPackage(SANDBOX);

    @ArchTest
    static final ArchRule onlyTheStoreSpeaksSql = noClasses().that().resideInAnyPackage(CONNECTORS, MAPPINGS)
            .should().dependOnClassesThat().resideInAnyPackage("java.sql..", "javax.sql..");

    @ArchTest
    static final ArchRule theDoorKnowsNoController = noClasses().that().resideInAPackage("io.serai.hub.web..")
            .should().dependOnClassesThat().resideInAnyPackage("io.serai.hub.api..");

    @ArchTest
    static final ArchRule nothingIsDeserialised = noClasses().that().resideInAnyPackage(HUB, STORE, CONNECTORS)
            .should().dependOnClassesThat().areAssignableTo(java.io.ObjectInputStream.class);

    @ArchTest
    static final ArchRule names = classes().that().resideInAPackage(HUB).should().haveSimpleNameNotEndingWith("Impl")
            .andShould().haveSimpleNameNotEndingWith("Manager").andShould().haveSimpleNameNotEndingWith("Util")
            .andShould().haveSimpleNameNotEndingWith("Dto").andShould().haveSimpleNameNotEndingWith("Helper");
}
