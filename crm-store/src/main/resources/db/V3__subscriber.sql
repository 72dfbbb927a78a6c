-- Who follows the change log, and how far each has got. A change's number rises in the order of the commits of its tenant, so
-- one number says it all: everything up to it is done, nothing after it is.
create table subscriber (
  tenant int not null default nullif(current_setting('serai.tenant', true), '')::int references tenant,
  id uuid not null,
  kind text not null check (kind in ('webhook', 'topic', 'kafka')),
  name text not null,
  url text,
  -- which changes: none named means all
  entities text[] not null,
  spokes text[] not null,
  whole_record boolean not null,
  -- both are valid until the old one's time is over
  secret bytea,
  old_secret bytea,
  old_secret_until timestamptz,
  position bigint not null,
  state text not null default 'ACTIVE' check (state in ('ACTIVE', 'DISABLED')),
  created_at timestamptz not null,
  -- how it fares: tries in vain since it last took a change, how often the one that comes next was refused, how many were set
  -- aside since the last one that was taken
  attempts int not null default 0,
  refusals int not null default 0,
  set_aside int not null default 0,
  failing_since timestamptz,
  problem text,
  taken_at timestamptz,
  next_try_at timestamptz not null,
  lease_until timestamptz,
  fence bigint not null default 0,
  primary key (tenant, id),
  unique (tenant, name),
  check ((kind = 'webhook') = (url is not null and secret is not null))
);
create unique index on subscriber (tenant, kind) where kind <> 'webhook';

alter table subscriber enable row level security;
alter table subscriber force row level security;
create policy tenant on subscriber using (tenant = (select nullif(current_setting('serai.tenant', true), '')::int));
grant select, insert, update, delete on subscriber to ${role};
