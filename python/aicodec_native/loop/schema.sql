-- The ledger of experiments, version 1. docs/ledger.md says what the columns mean. Rows are only ever added: the triggers
-- at the end refuse everything else, whoever asks.

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  created REAL NOT NULL,          -- Unix seconds, as every `created`
  source TEXT NOT NULL,
  source_digest TEXT NOT NULL,    -- SHA-256 of the file
  output TEXT NOT NULL,
  metric TEXT NOT NULL,
  target REAL NOT NULL,
  preset TEXT NOT NULL,
  proposer TEXT NOT NULL,
  model TEXT,
  seed INTEGER NOT NULL,
  options TEXT NOT NULL,          -- JSON
  version TEXT NOT NULL           -- of aicodec-native
);

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  created REAL NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('started', 'resumed', 'encoded', 'finished', 'failed')),
  detail TEXT NOT NULL            -- JSON
);
CREATE INDEX events_of_run ON events (run);

CREATE TABLE segments (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  number INTEGER NOT NULL,        -- from 0
  first_frame INTEGER NOT NULL,
  frames INTEGER NOT NULL,
  seconds REAL NOT NULL,          -- how long it is shown
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  format TEXT NOT NULL,
  digest TEXT NOT NULL,           -- of the source frames
  UNIQUE (run, number)
);

CREATE TABLE turns (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  segment INTEGER NOT NULL REFERENCES segments,
  round INTEGER NOT NULL,
  created REAL NOT NULL,
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,  -- neither read from the cache nor written to it
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  usd REAL NOT NULL,
  seconds REAL NOT NULL,
  stop_reason TEXT,
  error TEXT,
  reasoning TEXT NOT NULL DEFAULT ''
);
CREATE INDEX turns_of_run ON turns (run);

CREATE TABLE experiments (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  segment INTEGER NOT NULL REFERENCES segments,
  round INTEGER NOT NULL,         -- 0: what `encode` made
  parent INTEGER REFERENCES experiments,
  turn INTEGER REFERENCES turns,
  created REAL NOT NULL,
  proposer TEXT NOT NULL,
  hypothesis TEXT NOT NULL,
  strategy TEXT NOT NULL,         -- JSON
  program TEXT                    -- of the shader layer, if there is one
);
CREATE INDEX experiments_of_run ON experiments (run);
CREATE INDEX experiments_of_segment ON experiments (segment);

CREATE TABLE phases (
  id INTEGER PRIMARY KEY,
  experiment INTEGER NOT NULL REFERENCES experiments,
  created REAL NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('encoding', 'judging'))
);
CREATE INDEX phases_of_experiment ON phases (experiment);

CREATE TABLE results (
  experiment INTEGER PRIMARY KEY REFERENCES experiments,
  created REAL NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('kept', 'failed')),
  error_class TEXT,               -- NULL exactly where status is 'kept'
  error TEXT,
  candidate_hash TEXT,            -- SHA-256 of the coded segment
  decoded_hash TEXT,              -- of all frames as decoded
  same_candidate_as INTEGER REFERENCES experiments,
  same_output_as INTEGER REFERENCES experiments,
  CHECK ((status = 'kept') = (error_class IS NULL))
);

CREATE TABLE measurements (
  experiment INTEGER NOT NULL REFERENCES experiments,
  name TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (experiment, name)
) WITHOUT ROWID;

CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  segment INTEGER NOT NULL REFERENCES segments,
  turn INTEGER REFERENCES turns,
  created REAL NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX notes_of_run ON notes (run);

CREATE TABLE baselines (
  id INTEGER PRIMARY KEY,
  segment_digest TEXT NOT NULL,   -- as in segments: a clip is measured once, whatever run asks
  created REAL NOT NULL,
  codec TEXT NOT NULL CHECK (codec IN ('hevc', 'av1')),
  setting TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  metric TEXT NOT NULL,
  score REAL NOT NULL,
  encode_seconds REAL NOT NULL,
  decode_seconds REAL NOT NULL
);
CREATE INDEX baselines_of_segment ON baselines (segment_digest);

CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  segment INTEGER REFERENCES segments,
  experiment INTEGER REFERENCES experiments,
  created REAL NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('aic', 'source_frame')),
  frame INTEGER,                  -- of a source_frame: its number in the file
  name TEXT NOT NULL,             -- in the folder beside the ledger
  bytes INTEGER NOT NULL
);
CREATE INDEX files_of_run ON files (run);
CREATE INDEX files_of_experiment ON files (experiment);

-- What most readers want: an experiment a line.

CREATE VIEW experiment_lines AS
SELECT
  e.id, e.run, s.number AS segment, e.round, e.parent, e.created, e.proposer, e.hypothesis, e.program, e.strategy,
  json_extract(e.strategy, '$.stack') AS stack,
  COALESCE(r.status, 'running') AS status,
  CASE WHEN r.experiment IS NOT NULL THEN 'done'
       ELSE COALESCE((SELECT phase FROM phases p WHERE p.experiment = e.id ORDER BY p.id DESC LIMIT 1), 'waiting')
  END AS phase,
  r.error_class, r.error, r.candidate_hash, r.decoded_hash, r.same_candidate_as, r.same_output_as,
  r.created AS finished,
  m.bytes, m.bitrate, m.score, m.psnr, m.ssim, m.ssimulacra2, m.ssimulacra2_p5, m.max_error,
  m.encode_seconds, m.decode_seconds, m.against_hevc, m.against_av1,
  t.usd / (SELECT COUNT(*) FROM experiments o WHERE o.turn = t.id) AS usd
FROM experiments e
JOIN segments s ON s.id = e.segment
LEFT JOIN results r ON r.experiment = e.id
LEFT JOIN turns t ON t.id = e.turn
LEFT JOIN (
  SELECT experiment,
    MAX(CASE name WHEN 'bytes' THEN value END) AS bytes,
    MAX(CASE name WHEN 'bitrate' THEN value END) AS bitrate,
    MAX(CASE name WHEN 'score' THEN value END) AS score,
    MAX(CASE name WHEN 'psnr' THEN value END) AS psnr,
    MAX(CASE name WHEN 'ssim' THEN value END) AS ssim,
    MAX(CASE name WHEN 'ssimulacra2' THEN value END) AS ssimulacra2,
    MAX(CASE name WHEN 'ssimulacra2_p5' THEN value END) AS ssimulacra2_p5,
    MAX(CASE name WHEN 'max_error' THEN value END) AS max_error,
    MAX(CASE name WHEN 'encode_seconds' THEN value END) AS encode_seconds,
    MAX(CASE name WHEN 'decode_seconds' THEN value END) AS decode_seconds,
    MAX(CASE name WHEN 'against_hevc' THEN value END) AS against_hevc,
    MAX(CASE name WHEN 'against_av1' THEN value END) AS against_av1
  FROM measurements GROUP BY experiment
) m ON m.experiment = e.id;

CREATE VIEW run_lines AS
SELECT
  r.*,
  (SELECT kind FROM events v WHERE v.run = r.id ORDER BY v.id DESC LIMIT 1) AS last_event,
  (SELECT created FROM events v WHERE v.run = r.id ORDER BY v.id DESC LIMIT 1) AS last_event_at,
  (SELECT detail FROM events v WHERE v.run = r.id ORDER BY v.id DESC LIMIT 1) AS last_detail,
  (SELECT COUNT(*) FROM segments s WHERE s.run = r.id) AS segments,
  (SELECT COUNT(*) FROM experiments e WHERE e.run = r.id) AS experiments,
  (SELECT COUNT(*) FROM experiments e JOIN results x ON x.experiment = e.id
   WHERE e.run = r.id AND x.status = 'kept' AND e.round > 0) AS improvements,
  (SELECT SUM(m.value) FROM experiments e JOIN measurements m ON m.experiment = e.id AND m.name = 'bytes'
   WHERE e.run = r.id AND e.round = 0) AS first_bytes,
  (SELECT SUM(best) FROM (
     SELECT MIN(m.value) AS best FROM experiments e
     JOIN results x ON x.experiment = e.id AND x.status = 'kept'
     JOIN measurements m ON m.experiment = e.id AND m.name = 'bytes'
     WHERE e.run = r.id GROUP BY e.segment)) AS best_bytes,
  (SELECT COALESCE(SUM(t.usd), 0) FROM turns t WHERE t.run = r.id) AS usd,
  (SELECT COALESCE(SUM(t.input_tokens + t.cache_read_tokens + t.cache_write_tokens), 0) FROM turns t
   WHERE t.run = r.id) AS input_tokens,
  (SELECT COALESCE(SUM(t.output_tokens), 0) FROM turns t WHERE t.run = r.id) AS output_tokens
FROM runs r;
