-- What people take back: two customers made one and parted again, and people erased.

-- Two customers that a person has made one. The absorbed one has no row in customer any more: this leads from its id to the other,
-- and holds what it takes to part them. id is the message that asked for it.
create table customer_merge (
  tenant int not null references tenant,
  id uuid not null,
  kept uuid not null,
  absorbed uuid not null,
  -- document, provenance, version and the time it was made, before the merge; the kept one's as if later partings had been earlier
  kept_before json not null,
  absorbed_before json not null,
  merged json not null,
  version bigint not null,
  -- the links and records that came from the absorbed one
  moved json not null,
  merged_by text not null,
  at timestamptz not null,
  unmerged_at timestamptz,
  primary key (tenant, id)
);
create unique index on customer_merge (tenant, absorbed) where unmerged_at is null;
create index on customer_merge (tenant, kept);
create index on customer_merge (tenant, absorbed);

do $$
declare t text;
begin
  foreach t in array array['customer_merge'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('alter table %I alter column tenant set default nullif(current_setting(''serai.tenant'', true), '''')::int', t);
    execute format('create policy tenant on %I using (tenant = (select nullif(current_setting(''serai.tenant'', true), '''')::int))', t);
    execute format('grant select, insert, update, delete on %I to ${role}', t);
  end loop;
end $$;
