//! Every limit of the engine, with its unit in the name, asserted against its neighbours below.
//!
//! A constant here is a default or a hard bound; what a user may change is a field of
//! [`crate::config::Config`] that starts from it.

/// Largest frame, HTTP body or message, in bytes.
pub const FRAME_BYTES_MAX: usize = 16 << 20;
/// Memory a decoder keeps between frames that are put together, in bytes, where it keeps any.
pub const FRAME_BYTES_KEPT: usize = 256 << 10;
/// Largest HTTP request head (request line and headers), in bytes.
pub const HEAD_BYTES_MAX: usize = 16 << 10;
/// Most header fields in one HTTP request.
pub const HEADERS_MAX: usize = 64;
/// Largest size line of an HTTP chunk, extensions included, in bytes.
pub const CHUNK_LINE_BYTES_MAX: usize = 256;
/// Most trailer bytes behind a chunked HTTP body.
pub const TRAILER_BYTES_MAX: usize = 4 << 10;
/// Readable bytes behind every receive buffer, so that SIMD loads need no bounds.
pub const SLACK_BYTES: usize = 64;
/// Deepest nesting of arrays and objects in a message.
pub const JSON_DEPTH_MAX: usize = 128;
/// Most nodes on one tape: bounds the tape's memory by the message's size and this count.
pub const JSON_NODES_MAX: usize = 1 << 24;
/// Most messages in one 2025-03-26 batch.
pub const BATCH_MESSAGES_MAX: usize = 256;
/// Longest request id echoed, in raw bytes (quotes included).
pub const ID_BYTES_MAX: usize = 1 << 10;

/// Payload bytes of one receive buffer.
pub const RECEIVE_BUFFER_BYTES: usize = 16 << 10;
/// Receive buffers in one shard's ring (a power of two).
pub const RECEIVE_BUFFERS: usize = 128;
/// Below this many free receive buffers a slice that leaves the shard is copied instead of lent.
pub const LEASES_LOW_WATER: usize = RECEIVE_BUFFERS / 4;
/// Receive buffers one connection may fill in one turn before it waits for the next.
pub const RECEIVE_CREDIT_PER_TURN: usize = 32;
/// Entries of one shard's submission queue. The memory of both queues is the kernel's, all of it
/// there from the start; a turn that queues more hands over what it has, once each so many ops.
pub const SUBMISSIONS: u32 = 1024;
/// Entries of one shard's completion queue; the kernel keeps what finds no room in it.
pub const COMPLETIONS: u32 = 4096;
/// Most bytes handed to the kernel in one send.
pub const SEND_BYTES_MAX: usize = 1 << 20;

/// Most HTTP routes of the program's own.
pub const ROUTES_MAX: usize = 1024;
/// Most parts between the slashes of a route's path.
pub const ROUTE_SEGMENTS_MAX: usize = 32;
/// Longest body of a route's answer, in bytes.
pub const ROUTE_BODY_BYTES_MAX: usize = 1 << 30;

/// Most connections a shard accepts.
pub const CONNECTIONS_MAX: usize = 20_000;
/// Most connections a shard adopts: stdio, those from inside the process, client sockets.
pub const ADOPTIONS_MAX: usize = 256;
/// Connections from inside the process that a shard has at once; one place is left for stdio.
pub const INSIDE_CONNECTIONS_MAX: usize = ADOPTIONS_MAX - 1;
/// Time until accepting is tried again after the kernel refused it, in milliseconds.
pub const ACCEPT_RETRY_MS: u64 = 100;
/// Connections taken from one listener in one turn, where each takes a system call.
pub const ACCEPTS_PER_TURN: usize = 64;
/// Unsent reply bytes of one connection above which its input is paused.
pub const UNSENT_BYTES_PAUSE: usize = 1 << 20;
/// Unanswered calls of one connection or session; one more is answered "busy". A call that
/// listens is unanswered for as long as it is open.
pub const INFLIGHT_CALLS_MAX: usize = 1024;
/// Handshake-era HTTP sessions of one shard.
pub const SESSIONS_MAX: usize = 10_000;
/// Time after which an unused handshake-era HTTP session ends, in milliseconds.
pub const SESSION_IDLE_MS: u64 = 1_800_000;
/// Event streams of one handshake-era session, those kept for a client that may come back included.
pub const STREAMS_PER_SESSION_MAX: usize = 16;
/// Events of one stream kept for a client that comes back.
pub const REPLAY_EVENTS_MAX: usize = 256;
/// Bytes of one stream's events kept; a single larger event is kept alone.
pub const REPLAY_BYTES_MAX: usize = 256 << 10;
/// Bytes of events one shard keeps for all sessions; beyond, a stream keeps its latest event only.
pub const REPLAY_SHARD_BYTES_MAX: usize = 64 << 20;
/// Bytes above which one shard keeps no event more: the latest of every stream can be many.
pub const REPLAY_SHARD_BYTES_HARD_MAX: usize = 2 * REPLAY_SHARD_BYTES_MAX;
/// Silence on an event stream after which a comment is sent, in milliseconds.
pub const EVENTS_PING_MS: u64 = 15_000;
/// Time a client should wait before it takes up an event stream again, in milliseconds.
pub const EVENTS_RETRY_MS: u64 = 500;
/// Items of one page of a list.
pub const PAGE_ITEMS: usize = 1000;

/// Time after which a silent connection is closed, in milliseconds.
pub const IDLE_MS: u64 = 300_000;
/// Time for a started frame or head to become whole, in milliseconds.
pub const FRAME_MS: u64 = 10_000;
/// Least speed of a body after the grace of [`FRAME_MS`], in bytes a second.
pub const BODY_BYTES_PER_SECOND_MIN: u64 = 1 << 10;
/// Time a send may make no progress before the connection is closed, in milliseconds.
pub const SEND_STALL_MS: u64 = 10_000;
/// Time a call may run before it is answered with an error, in milliseconds.
pub const CALL_MS: u64 = 60_000;
/// Time a drain may take before the rest is closed, in milliseconds.
pub const DRAIN_MS: u64 = 10_000;
/// Tick of the timer wheel, in milliseconds.
pub const TICK_MS: u64 = 100;

/// Threads of the blocking worker pool.
pub const WORKERS: usize = 16;
/// Jobs waiting for a worker; one more is answered "busy".
pub const WORKER_QUEUE: usize = 1024;
/// Messages waiting in one shard's inbox.
pub const INBOX_MAX: usize = 1 << 16;
/// Completions handled in one turn before timers and sends get their chance.
pub const COMPLETIONS_PER_TURN: usize = 4096;

/// Questions to the client in one round of one call.
pub const ASK_REQUESTS_MAX: usize = 16;
/// Rounds of questions in one call of the handshake era; later ones are the client's to bound.
pub const ASK_ROUNDS_MAX: u32 = 32;
/// Longest key of a question, in bytes.
pub const ASK_KEY_BYTES_MAX: usize = 256;
/// Open questions to one connection or session.
pub const ASKED_MAX: usize = 256;
/// Answers kept for one call, of all its rounds.
pub const ANSWERS_MAX: usize = 256;
/// All answers kept for one call, in bytes.
pub const ANSWERS_BYTES_MAX: usize = 16 << 20;
/// Time the client has to answer a round of questions, in milliseconds.
pub const ASK_MS: u64 = 600_000;

/// Tasks of one shard, running and ended.
pub const TASKS_MAX: usize = 4096;
/// Tasks of one principal, connection or session on one shard. Stateless HTTP without authorization
/// is none of these: there [`TASKS_MAX`] alone bounds them.
pub const TASKS_PER_CLIENT_MAX: usize = 256;
/// Largest answer kept for a task, in bytes.
pub const TASK_BYTES_MAX: usize = FRAME_BYTES_MAX;
/// All answers that one shard keeps for tasks, in bytes.
pub const TASKS_BYTES_MAX: usize = 128 << 20;
/// Time a task is kept after it was made, when its client does not say, in milliseconds.
pub const TASK_TTL_MS: u64 = 600_000;
/// Longest time a task is kept after it was made, whoever asks for more, in milliseconds.
pub const TASK_TTL_MS_MAX: u64 = 86_400_000;
/// Shortest time, whatever the client says, in milliseconds.
pub const TASK_TTL_MS_MIN: u64 = 1_000;
/// Time a client should wait between two looks at a task, in milliseconds.
pub const TASK_POLL_MS: u64 = 500;
/// Time between two searches for tasks that are over, in milliseconds.
pub const TASK_SWEEP_MS: u64 = 1_000;
/// Requests that wait for one task's answer, and as many that hear of its changes.
pub const TASK_WAITERS_MAX: usize = 64;
/// Tasks that one listening call hears of.
pub const TASK_WATCHES_MAX: usize = 64;
/// Longest words about where a task stands, in bytes; the rest is cut off.
pub const TASK_MESSAGE_BYTES_MAX: usize = 1 << 10;

/// Longest sealed state a client carries, as text, in bytes.
pub const STATE_BYTES_MAX: usize = 64 << 10;
/// Time for which sealed state is accepted, in seconds.
pub const STATE_TTL_S: u64 = 600;
/// Most keys that open sealed state.
pub const STATE_KEYS_MAX: usize = 16;

/// Longest access token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;
/// Good tokens one shard remembers.
pub const TOKENS_CACHED_MAX: usize = 1024;
/// Time for which a good token is not checked again, in seconds.
pub const TOKEN_CACHE_S: u64 = 60;
/// Difference of clocks forgiven when a token's times are checked, in seconds.
pub const TOKEN_LEEWAY_S: u64 = 30;
/// Most that may be forgiven, in seconds.
pub const TOKEN_LEEWAY_S_MAX: u64 = 600;
/// Most issuers whose tokens are taken.
pub const ISSUERS_MAX: usize = 16;
/// Most static tokens.
pub const STATIC_TOKENS_MAX: usize = 1024;
/// Most scopes in the settings.
pub const SCOPES_MAX: usize = 256;
/// Largest key set of an issuer, in bytes.
pub const JWKS_BYTES_MAX: usize = 256 << 10;
/// Most keys in it.
pub const JWKS_KEYS_MAX: usize = 64;
/// Time until a key set is read again, in seconds.
pub const JWKS_EVERY_S: u64 = 600;
/// Least time between readings because a token names an unknown key, in seconds.
pub const JWKS_ASKED_EVERY_S: u64 = 30;
/// Time until a key set that could not be read is tried again, in seconds; doubled each time, up
/// to [`JWKS_EVERY_S`].
pub const JWKS_RETRY_S: u64 = 2;
/// Time one reading of a key set may take, in milliseconds.
pub const JWKS_FETCH_MS: u64 = 5_000;

/// Compiled schemas kept by content.
pub const SCHEMAS_MAX: usize = 4096;
/// Bytes of one schema's text.
pub const SCHEMA_BYTES_MAX: usize = 1 << 20;
/// Size limit of one compiled regular expression in a schema, in bytes.
pub const REGEX_BYTES_MAX: usize = 1 << 20;
/// Longest URI template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 1 << 12;
/// Longest URI read, in bytes.
pub const URI_BYTES_MAX: usize = 1 << 13;
/// Most variables in one URI template.
pub const TEMPLATE_VARIABLES_MAX: usize = 64;
/// Most methods told apart in the metrics; the last one stands for all beyond.
pub const METHOD_LABELS_MAX: usize = 32;
/// Most outcomes of a request told apart in the metrics.
pub const OUTCOME_LABELS_MAX: usize = 8;
/// Most reasons for closing a connection told apart in the metrics.
pub const CLOSE_LABELS_MAX: usize = 16;

/// Connections that wait to be accepted, per listening socket.
pub const BACKLOG: i32 = 4096;
/// Silence after which TCP asks whether the peer is still there, in seconds.
pub const KEEPALIVE_IDLE_SECONDS: u64 = 30;
/// Time between two such questions, in seconds.
pub const KEEPALIVE_INTERVAL_SECONDS: u64 = 10;
/// Unanswered questions after which TCP gives the peer up.
pub const KEEPALIVE_PROBES: u32 = 3;
/// Time sent bytes may stay unacknowledged before TCP gives the peer up, in milliseconds.
pub const TCP_USER_TIMEOUT_MS: u64 = 60_000;
/// Most shards of one engine: one a core, and few machines have more cores than this.
pub const SHARDS_MAX: usize = 256;
/// Threads that run asynchronous handlers.
pub const ASYNC_WORKERS: usize = 1;
/// Inbox messages taken in one turn.
pub const MESSAGES_PER_TURN: usize = 4096;
/// Time beyond a drain's own for the kernel to report the last closings, in milliseconds.
pub const DRAIN_GRACE_MS: u64 = 1_000;
/// Outputs of the endpoint carried out in one turn; the rest waits for the next.
pub const OUTPUTS_PER_TURN: usize = 1 << 14;

/// Subscribers told of changes in one turn; the rest is told in the next.
pub const FANOUT_PER_TURN: usize = 256;
/// Unsent bytes of one connection above which notifications wait, one for each subscription.
pub const UNSENT_BYTES_OWE: usize = 1 << 16;
/// Resources one peer, or one listening call, subscribes to.
pub const SUBSCRIPTIONS_PER_PEER_MAX: usize = 1024;
/// Subscriptions of one shard above which none to a resource is added.
pub const SUBSCRIPTIONS_MAX: usize = 1 << 18;
/// Bytes of the URIs that one shard's subscribers have named, each URI counted once.
pub const TOPIC_BYTES_MAX: usize = 64 << 20;
/// Questions at URLs whose ends one shard waits for; the oldest are forgotten.
pub const ELICITATIONS_MAX: usize = 1 << 12;
/// Calls of one shard that stay open to be told of changes, of tasks too; of one connection they are
/// among its [`INFLIGHT_CALLS_MAX`].
pub const LISTENS_MAX: usize = 1 << 14;

const _: () = assert!(RECEIVE_BUFFERS.is_power_of_two() && RECEIVE_BUFFERS <= 1 << 15);
const _: () = assert!(LEASES_LOW_WATER < RECEIVE_BUFFERS);
/// What both queues of one shard hold: 64 bytes and an index a submission, 16 a completion.
const RING_BYTES: u32 = SUBMISSIONS * (64 + 4) + COMPLETIONS * 16;
const _: () = assert!(RING_BYTES <= 132 << 10, "resident from the start, in every shard");
const _: () = assert!(FRAME_BYTES_MAX < u32::MAX as usize, "spans on the tape are u32");
const _: () = assert!(HEAD_BYTES_MAX < FRAME_BYTES_MAX && STATE_BYTES_MAX < FRAME_BYTES_MAX);
const _: () =
    assert!(COMPLETIONS as usize >= 2 * RECEIVE_BUFFERS, "a full pool must fit the queue");
const _: () = assert!(TICK_MS < FRAME_MS && FRAME_MS <= SEND_STALL_MS && SEND_STALL_MS < IDLE_MS);
const _: () = assert!(TOKEN_BYTES_MAX < HEAD_BYTES_MAX && TOKEN_LEEWAY_S <= TOKEN_LEEWAY_S_MAX);
const _: () = assert!(JWKS_RETRY_S < JWKS_ASKED_EVERY_S && JWKS_ASKED_EVERY_S < JWKS_EVERY_S);
const _: () = assert!(TOKEN_BYTES_MAX == 8 << 10, "a challenge's text names this limit");
const _: () = assert!(ID_BYTES_MAX < RECEIVE_BUFFER_BYTES);
const _: () = assert!(ASK_REQUESTS_MAX <= ASKED_MAX && ASK_REQUESTS_MAX <= ANSWERS_MAX);
const _: () = assert!(CALL_MS <= ASK_MS && ASK_MS < SESSION_IDLE_MS);
const _: () = assert!(EVENTS_RETRY_MS < EVENTS_PING_MS && EVENTS_PING_MS < IDLE_MS);
const _: () = assert!(REPLAY_BYTES_MAX < REPLAY_SHARD_BYTES_MAX);
const _: () = assert!(TASKS_PER_CLIENT_MAX < TASKS_MAX && TASK_BYTES_MAX <= TASKS_BYTES_MAX);
const _: () = assert!(TASK_TTL_MS_MIN <= TASK_TTL_MS && TASK_TTL_MS <= TASK_TTL_MS_MAX);
const _: () = assert!(TICK_MS <= TASK_SWEEP_MS && CALL_MS <= TASK_TTL_MS);

/// Tape nodes whose memory a parser keeps between messages (16 bytes each).
pub const JSON_TAPE_NODES_KEPT: usize = 1 << 16;
/// Members of an object looked up one after another; beyond it a validation sorts a key index.
pub const JSON_LINEAR_MEMBERS_MAX: usize = 16;
/// Longest text of one schema violation or schema error, in bytes.
pub const VIOLATION_BYTES_MAX: usize = 512;
/// Longest name or value quoted inside such a text, in bytes.
pub const VIOLATION_QUOTE_BYTES_MAX: usize = 80;

const _: () = assert!(JSON_NODES_MAX <= 1 << 24, "a tape node counts its children in 24 bits");
const _: () = assert!(JSON_TAPE_NODES_KEPT <= JSON_NODES_MAX);
const _: () = assert!(FRAME_BYTES_KEPT <= FRAME_BYTES_MAX);
const _: () = assert!(VIOLATION_QUOTE_BYTES_MAX < VIOLATION_BYTES_MAX);
const _: () = assert!(INBOX_MAX >= MESSAGES_PER_TURN && OUTPUTS_PER_TURN >= COMPLETIONS_PER_TURN);
const _: () = assert!(
    KEEPALIVE_IDLE_SECONDS + KEEPALIVE_INTERVAL_SECONDS * KEEPALIVE_PROBES as u64
        <= TCP_USER_TIMEOUT_MS / 1000
);
const _: () = assert!(HEAD_BYTES_MAX <= u16::MAX as usize, "spans in a head are u16");
const _: () =
    assert!(CHUNK_LINE_BYTES_MAX < TRAILER_BYTES_MAX && TRAILER_BYTES_MAX < HEAD_BYTES_MAX);
