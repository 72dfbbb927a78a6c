-- Posts customers that nobody has seen before: who number n is follows from n alone, and no two requests of a whole run have
-- the same n. Environment: BENCH_KIND rest|soap, BENCH_FIRST the first n, BENCH_SHARE how many n each thread has; BENCH_SHOW
-- prints the first answer that is not a 2xx.

local threads = 0

function setup(thread)
  thread:set("turn", threads)
  threads = threads + 1
end

local given = {"Anna", "Luca", "Mia", "Noah", "Lena", "Elias", "Sofia", "Liam", "Nina", "Jonas", "Laura", "David", "Sarah",
  "Simon", "Julia", "Marco", "Elena", "Fabian", "Chiara", "Nicolas", "Alice", "Hugo", "Camille", "Gabriel", "Louise", "Arthur",
  "Jeanne", "Paul", "Emma", "Oskar", "Greta", "Karl", "Ida", "Bruno", "Clara", "Felix", "Marta", "Pietro", "Giulia", "Andrea",
  "Olivia", "George", "Amelia", "Harry", "Isla", "Jack", "Freya", "Oscar"}
local head = {"Ab", "Ber", "Bru", "Dom", "Eg", "Fal", "Fri", "Ger", "Gis", "Hab", "Hir", "Hol", "Im", "Jen", "Kam", "Kel",
  "Kun", "Lan", "Leu", "Lin", "Mar", "Mei", "Nae", "Ober", "Pfis", "Rap", "Rie", "Sal", "Scha", "Sta", "Tan", "Wal"}
local tail = {"bach", "berg", "blatt", "deg", "dorf", "egg", "er", "feld", "ger", "hof", "holz", "inger", "ler", "li", "mann",
  "matt", "mer", "ner", "rain", "sen", "ser", "stein", "ter", "thal", "ti", "wald", "weger", "wiler", "wyl", "zger", "zli", "zer"}
local street = {"Bahnhofstrasse", "Dorfstrasse", "Seeweg", "Kirchgasse", "Ringstrasse", "Lindenweg", "Schulstrasse",
  "Bergstrasse", "Mühlegasse", "Gartenweg", "Hauptstrasse"}
local city = {"Aarau", "Basel", "Bern", "Biel", "Chur", "Luzern", "Olten", "Thun", "Uster", "Winterthur", "Zug", "Zürich"}
local language = {"de", "de", "fr", "it", "en"}

local rest = '{"source":{"id":"%d","revision":"1"},"kind":"person","name":{"given":"%s","family":"%s"},'
  .. '"emails":[{"address":"%s","use":"work"}],"phones":[{"number":"%s","use":"mobile"}],'
  .. '"addresses":[{"use":"billing","lines":["%s %d"],"city":"%s","postalCode":"%d","country":"CH"}],"language":"%s"}'

local soap = '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
  .. 'xmlns:c="urn:serai:customers:v1"><e:Body><c:upsertCustomer><c:customer><c:id>%d</c:id><c:revision>1</c:revision>'
  .. '<c:kind>person</c:kind><c:givenName>%s</c:givenName><c:familyName>%s</c:familyName><c:email>%s</c:email>'
  .. '<c:phone>%s</c:phone><c:address><c:use>billing</c:use><c:line>%s %d</c:line><c:city>%s</c:city>'
  .. '<c:postalCode>%d</c:postalCode><c:country>CH</c:country></c:address><c:language>%s</c:language>'
  .. '</c:customer></c:upsertCustomer></e:Body></e:Envelope>'

local template, first, share, sent
local headers = {}

function init(args)
  local kind = os.getenv("BENCH_KIND")
  template = kind == "soap" and soap or rest
  headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION")
  if kind == "soap" then
    headers["Content-Type"] = "text/xml; charset=utf-8"
    headers["SOAPAction"] = '"urn:serai:customers:v1:upsertCustomer"'
  else
    headers["Content-Type"] = "application/json"
  end
  share = tonumber(os.getenv("BENCH_SHARE"))
  first = tonumber(os.getenv("BENCH_FIRST")) + turn * share
  sent = 0
end

function request()
  if sent == share then
    error("more requests than customers")
  end
  local n = first + sent
  sent = sent + 1
  -- A hash small enough for doubles, so that neighbours are people of different names and places.
  local h = (n * 69069 + 12345) % 2147483648
  local family = head[math.floor(h / 64) % 32 + 1] .. tail[math.floor(h / 2048) % 32 + 1]
  local name = given[math.floor(h / 65536) % 48 + 1]
  local body = string.format(template, n, name, family, name .. "." .. family .. "." .. n .. "@example.com",
    string.format("+417%d%07d", 5 + math.floor(n / 10000000), n % 10000000), street[math.floor(h / 16) % 11 + 1],
    math.floor(h / 128) % 140 + 1, city[math.floor(h / 32) % 12 + 1], 1000 + math.floor(h / 512) % 8600,
    language[h % 5 + 1])
  return wrk.format("POST", nil, headers, body)
end

if os.getenv("BENCH_SHOW") then
  local shown = false
  function response(status, headers, body)
    if status >= 300 and not shown then
      shown = true
      io.write("ANSWER ", status, "\n", body, "\n")
    end
  end
end

function done(summary, latency, requests)
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,'
    .. '"p50":%d,"p95":%d,"p99":%d,"max":%d}\n',
    summary.requests, summary.duration, summary.errors.connect, summary.errors.read, summary.errors.write,
    summary.errors.status, summary.errors.timeout, latency:percentile(50), latency:percentile(95),
    latency:percentile(99), latency.max))
end
