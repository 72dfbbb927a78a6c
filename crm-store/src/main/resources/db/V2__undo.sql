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

-- People who were erased: what was done, without who it was.
create table erasure (
  tenant int not null references tenant,
  id uuid not null,
  erased_by text not null,
  at timestamptz not null,
  done json not null,
  lifted_at timestamptz,
  primary key (tenant, id)
);

-- What would bring an erased person back: keyed hashes of addresses, numbers and ids. The key is not in the database.
create table tombstone (
  tenant int not null references tenant,
  mark text collate "C" not null,
  erasure uuid not null,
  primary key (tenant, mark)
);
create index on tombstone (tenant, erasure);
-- Rises whenever a tombstone comes or goes, so that every writer knows whether those it remembers are all.
alter table change_head add column tombstones bigint not null default 0;

-- The records of erased people in spokes. external_id goes when the spoke has deleted the record.
create table spoke_erasure (
  tenant int not null references tenant,
  erasure uuid not null,
  id bigint generated always as identity,
  spoke text not null,
  external_id text,
  state text not null check (state in ('PENDING', 'DONE', 'BY_HAND')),
  attempts int not null default 0,
  next_try_at timestamptz not null,
  lease_until timestamptz,
  fence bigint not null default 0,
  problem text,
  done_at timestamptz,
  primary key (tenant, erasure, id)
);
create index on spoke_erasure (tenant, next_try_at) where state = 'PENDING';

-- The one thing that may be done to the log of changes afterwards: what fields were can be emptied, which its chain does not cover.
-- The runtime role can call this and has no right to write anything else there.
create function erase_changes(sequences bigint[]) returns bigint language sql security definer set search_path = public, pg_temp as $$
  with emptied as (
    update change set fields = '{}' where sequence = any(sequences)
      and tenant = nullif(current_setting('serai.tenant', true), '')::int returning 1)
  select count(*) from emptied
$$;
revoke all on function erase_changes(bigint[]) from public;
grant execute on function erase_changes(bigint[]) to ${role};

do $$
declare t text;
begin
  foreach t in array array['customer_merge', 'erasure', 'tombstone', 'spoke_erasure'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('alter table %I alter column tenant set default nullif(current_setting(''serai.tenant'', true), '''')::int', t);
    execute format('create policy tenant on %I using (tenant = (select nullif(current_setting(''serai.tenant'', true), '''')::int))', t);
    execute format('grant select, insert, update, delete on %I to ${role}', t);
  end loop;
end $$;
