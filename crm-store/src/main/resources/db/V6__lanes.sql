-- What a spoke as a whole lets the hub do: one row for all processes. A spoke without limits that nobody has paused has none.
create table spoke_gate (
  tenant int not null references tenant,
  spoke text not null,
  -- The pace, as one moment: when the next request may go.
  next_at timestamptz not null default '-infinity',
  -- The quota: requests counted on this day (UTC).
  day date not null default '-infinity',
  used int not null default 0,
  paused_since timestamptz,
  paused_until timestamptz,
  problem text,
  primary key (tenant, spoke),
  check ((paused_since is null) = (paused_until is null) and (paused_since is null) = (problem is null))
) with (fillfactor = 20);

-- What takes an invoice back: one credit note for a sale, ever, by the same rules and with the same lane as the invoice. It
-- waits until its invoice is known to be there.
create table credit_note (
  tenant int not null references tenant,
  id uuid not null,
  version record_version not null,
  sales_order uuid not null,
  customer uuid not null,
  reference text not null,
  number text,
  status text not null check (status in ('requested', 'issued', 'rejected', 'void')),
  currency currency_code not null,
  total numeric(20, 6) not null,
  document document not null,
  provenance json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- the lane
  spoke text,
  state text not null check (state in ('PENDING', 'SENDING', 'DONE', 'REJECTED', 'UNKNOWN', 'PARKED', 'WITHDRAWN')),
  idempotency_key uuid not null,
  external_id text,
  attempts int not null default 0,
  next_try_at timestamptz not null,
  lease_until timestamptz,
  fence bigint not null default 0,
  sent_at timestamptz,
  key_since timestamptz,
  problem text,
  primary key (tenant, id),
  unique (tenant, sales_order),
  unique (tenant, reference),
  foreign key (tenant, sales_order) references invoice (tenant, sales_order),
  foreign key (tenant, customer) references customer (tenant, id),
  check (state <> 'DONE' or number is not null)
);
create unique index on credit_note (tenant, number) where number is not null;
create index on credit_note (tenant, customer);
create index on credit_note (tenant, next_try_at) where state in ('PENDING', 'SENDING', 'UNKNOWN');

-- Holding what spokes really have against what the hub believes they have: the latest run for each spoke and entity, and how
-- far it has got. Whoever has the turn goes on with it.
create table reconcile (
  tenant int not null references tenant,
  spoke text not null,
  entity text not null,
  repairs boolean not null,
  state text not null check (state in ('RUNNING', 'DONE')),
  started_at timestamptz not null,
  ended_at timestamptz,
  after_entity uuid not null,
  after_link bigint not null,
  asked bigint not null default 0,
  -- how often the next record was asked after in vain, and how many before it were, one after the other
  tries int not null default 0,
  unreadable int not null default 0,
  checked bigint not null default 0,
  in_step bigint not null default 0,
  untold bigint not null default 0,
  problem text,
  primary key (tenant, spoke, entity),
  check ((state = 'DONE') = (ended_at is not null))
);
-- No values: who wants to see them finds them in the spoke and in the golden record.
create table reconcile_difference (
  tenant int not null references tenant,
  spoke text not null,
  entity text not null,
  entity_id uuid not null,
  -- both empty where they do not apply: a record that the spoke was never told of, or that is missing as a whole
  external_id text not null,
  field text not null,
  why text not null check (why in ('MISSING', 'EDITED', 'LOST', 'REWORDED', 'UNTOLD', 'UNREADABLE')),
  -- why it could not be read
  problem text,
  repaired boolean not null,
  at timestamptz not null,
  primary key (tenant, spoke, entity, entity_id, external_id, field)
);

do $$
declare t text;
begin
  foreach t in array array['spoke_gate', 'credit_note', 'reconcile', 'reconcile_difference'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('alter table %I alter column tenant set default nullif(current_setting(''serai.tenant'', true), '''')::int', t);
    execute format('create policy tenant on %I using (tenant = (select nullif(current_setting(''serai.tenant'', true), '''')::int))', t);
  end loop;
end $$;

grant select, insert, update, delete on spoke_gate, credit_note, reconcile, reconcile_difference to ${role};
