\set n random(1, 8000000000000000)
\set h random(1, 1000000)
begin;
insert into customer as c (id, email, document) values (md5(:n::text)::uuid, 'anna.gerber.' || :n || '@example.com', ('{"source":{"id":"' || :n || '","revision":"1"},"kind":"person","name":{"given":"Anna","family":"Gerber"},"emails":[{"address":"anna.gerber.' || :n || '@example.com","use":"work"}],"phones":[{"number":"+4179' || :h || '","use":"mobile"}],"addresses":[{"use":"billing","lines":["Bahnhofstrasse 12"],"city":"Winterthur","postalCode":"8400","country":"CH"}],"language":"de"}')::jsonb) on conflict (email) do update set document = excluded.document, version = c.version + 1, updated_at = now();
insert into outbox (customer, version, document) values (md5(:n::text)::uuid, 1, ('{"source":{"id":"' || :n || '","revision":"1"},"kind":"person","name":{"given":"Anna","family":"Gerber"},"emails":[{"address":"anna.gerber.' || :n || '@example.com","use":"work"}],"phones":[{"number":"+4179' || :h || '","use":"mobile"}],"addresses":[{"use":"billing","lines":["Bahnhofstrasse 12"],"city":"Winterthur","postalCode":"8400","country":"CH"}],"language":"de"}')::jsonb);
insert into audit (actor, action, customer) values ('api', 'customer.upsert', md5(:n::text)::uuid);
commit;
