package io.serai.sandbox;

import java.util.List;

/** A country customers live in, with names, towns and phone numbers of its own. */
enum Country {
    // Switzerland and Italy reserve no numbers for drama; these blocks only look American.
    CH("de", List.of("+4144555", "+4143555", "+4131555", "+4161555", "+4122555", "+4121555", "+4171555", "+4141555"), 4,
            "Anna Luca Mia Noah Lea Reto Urs Beat Regula Silvan Ladina Nadja Flurin Corinne Matthias Ursina Andri Selina",
            "Keller Meier Brunner Gerber Frei Baumann Widmer Zürcher Bühler Caduff Hofstetter Schär Ammann Wyss Lüthi Aebi",
            "Bahnhofstrasse Dorfstrasse Kirchgasse Seestrasse Mühleweg Rosenweg Hauptgasse Rebbergstrasse",
            "8001 Zürich|3011 Bern|4051 Basel|6003 Luzern|9000 St. Gallen|7000 Chur|8400 Winterthur|5000 Aarau",
            "AG"), DE("de", List.of("+493023125", "+496990009", "+494066969", "+492214710", "+498999998"), 3,
                    "Jonas Emma Lukas Hannah Jürgen Sabine Björn Käthe Thorsten Ayşe Felix Greta Moritz Anneliese Uwe Svenja",
                    "Schröder Müller Weiß Vogel Krämer Jäger Lehmann Köhler Petersen Yılmaz Hoffmann Böhm Seidel Groß Kowalski",
                    "Lindenstraße Gartenweg Goethestraße Marktgasse Schillerplatz Bergstraße Uferweg Wilhelmstraße",
                    "10115 Berlin|60311 Frankfurt am Main|20095 Hamburg|50667 Köln|80331 München|04109 Leipzig|28195 Bremen",
                    "GmbH"), FR("fr", List.of("+3319900", "+3326191", "+3335301", "+3346571", "+3353649"), 4,
                            "Camille Léo Chloé Hugo Zoé Étienne Amélie François Inès Théo Maëlle Gaël Solène Benoît Noémie Rémi",
                            "Lefèvre Moreau Girard Fournier Mercier Faure Rousseau Blanchard Guérin Boulanger Perrin Masson Benali Chevalier",
                            "rue de la République|avenue des Tilleuls|rue du Moulin|place de l’Église|quai des Brumes|chemin Vert",
                            "75003 Paris|69002 Lyon|13001 Marseille|33000 Bordeaux|59000 Lille|67000 Strasbourg|44000 Nantes",
                            "SARL"), GB("en",
                                    List.of("+442079460", "+441134960", "+441144960", "+441164960",
                                            "+441174960", "+441184960",
                                            "+441214960", "+441314960", "+441414960", "+441514960", "+441614960",
                                            "+441914980", "+442920180"),
                                    3,
                                    "Oliver Amelia Harry Isla Callum Niamh Rhys Cerys Imogen Rajesh Priya Alasdair Fiona Gareth Beatrix Tom",
                                    "Ashworth Pemberton O’Connor Davies Macleod Patel Thornton Whitaker Fairclough Hughes Llewellyn Barlow Okafor",
                                    "High Street|Station Road|Church Lane|Mill Lane|Victoria Road|The Green|Orchard Close|Queen’s Terrace",
                                    "SW1A 2AA London|M1 1AE Manchester|LS1 4AP Leeds|EH1 1YZ Edinburgh|CF10 1EP Cardiff|BS1 4ST Bristol",
                                    "Ltd"), IT("it", List.of("+3902555", "+3906555"), 5,
                                            "Giulia Matteo Chiara Lorenzo Niccolò Elisa Davide Sofia Giuseppe Ilaria Marco Beatrice Nicolò Federica",
                                            "Rossi Bianchi Conti Greco D’Angelo Moretti Galli Ferrara Lombardi Marchetti Sartori Bellini Caruso Pellegrini",
                                            "via Garibaldi|via Roma|corso Italia|piazza del Duomo|viale dei Pini|via Dante|largo Augusto",
                                            "20121 Milano|00184 Roma|10121 Torino|50122 Firenze|40121 Bologna|80133 Napoli|37121 Verona",
                                            "Srl");

    final String language;
    final String[] given;
    final String[] family;
    final String[] streets;
    final String[] towns;
    final String legalForm;
    private final List<String> phoneBlocks;
    private final int blockSize;

    Country(String language, List<String> phoneBlocks, int digits, String given, String family, String streets,
            String towns, String legalForm) {
        this.language = language;
        this.phoneBlocks = phoneBlocks;
        this.blockSize = (int) Math.pow(10, digits);
        this.given = given.split(" ");
        this.family = family.split(" ");
        this.streets = streets.split(streets.contains("|") ? "\\|" : " ");
        this.towns = towns.split("\\|");
        this.legalForm = legalForm;
    }

    /** The n-th number, E.164; null beyond the last. */
    String phone(int n) {
        int capacity = phoneBlocks.size() * blockSize;
        if (n >= capacity) {
            return null;
        }
        // 7919 is a prime that divides no capacity, so this visits every number once and neighbours look unlike.
        int place = (int) (n * 7919L % capacity);
        int digits = Integer.toString(blockSize).length() - 1;
        return phoneBlocks.get(place / blockSize) + ("%0" + digits + "d").formatted(place % blockSize);
    }

    String street(String name, int number) {
        return switch (this) {
            case FR, GB -> number + " " + name;
            default -> name + " " + number;
        };
    }

    /** A number of the form the country's tax office gives, from nine digits. */
    String vatId(String nineDigits) {
        return switch (this) {
            case CH -> "CHE-" + nineDigits.replaceAll("(\\d{3})(?=\\d)", "$1.");
            case FR -> "FR12" + nineDigits;
            case IT -> "IT00" + nineDigits;
            default -> name() + nineDigits;
        };
    }
}
