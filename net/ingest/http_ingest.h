#pragma once
// HttpIngest: the body of a request -> Intake -> pipeline -> reply, for every HTTP protocol that brings events.
//
// Shape:  a protocol is an IngestProtocol: a path, limits, and two renderings, of an outcome and of a refusal. All
//         replies of its address are rendered by them, those of the session too (401, 413, 503).
//         A body of more events than one Request takes goes on to LargeBodies.
// Order:  a request that finds no room, of memory or in the queues, waits for it a moment (OverloadHold). It is
//         answered after every shard committed, or at once if nothing is to be stored. If it was not taken, its sender
//         sends it again. Small requests that are ready together are submitted together, so that the workers wake once
//         for them.
// Thread: io for requests; the pipeline answers from its own threads, LargeBodies from its own. It outlives all of
//         them.
// Bounds: the limits of each protocol. What is inflated, and the memory of events, is charged to the budget of bodies
//         before it is taken.
// Errors: 400 unreadable, 413 over a limit, 415 unknown encoding, 503 with Retry-After overloaded, stopped or not
//         committed.
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/http_router.h"
#include "net/ingest/intake.h"
#include "net/ingest/large_bodies.h"
#include "net/ingest/overload_hold.h"

namespace straykey {

// What Content-Encoding may say at an address.
struct AcceptedEncodings {
  struct Word {
    std::string_view word;
    ContentEncoding encoding;
  };
  std::span<const Word> words;
  Refusal refusal;  // of any other
};
// None, identity, gzip, x-gzip, deflate, zstd.
[[nodiscard]] AcceptedEncodings usual_encodings() noexcept;

// What renderings may need of the request.
struct AnsweredRequest {
  std::string_view request_id;       // ours
  std::string_view note;             // what IngestProtocol::note_of kept of it
  std::string_view item_kinds = {};  // ItemOutcomes::item_kinds, as far as the body was read
};

struct IngestProtocol {
  std::string path;     // may have `{}` for a segment: path_segment()
  std::string purpose;  // what this address is for: the sentence of its 405
  HttpMethod method = HttpMethod::post;
  CredentialPlace credentials;  // where it puts the token, besides the usual places
  std::size_t body_bytes_max = 32u << 20;
  unsigned too_large_status = 413;  // 400 where the sender would drop the batch on 413
  Intake::Limits limits;
  AcceptedEncodings encodings = usual_encodings();
  SentText::Split split = nullptr;  // where the items are in a decoded body; nullptr: it is read as it is framed
  bool takes_any_text = false;      // a body without any JSON is one rejected record, not a bad request
  std::string source = {};          // not empty: the address asks for no token, and this names what comes
  bool refuses_by_items = false;    // a rate limit is told by its items, so once the body is there
  bool waits_for_its_rate = false;  // what is over it waits as for room, because its senders lose what is refused

  // What is to be kept of the head for the renderings: an id to be repeated, a query parameter. nullptr: nothing.
  std::string (*note_of)(const RequestHead& head, std::string_view pattern) = nullptr;
  // The two renderings. The outcome: everything in it that was accepted is stored. They run on an io thread or on one
  // of the pipeline's.
  HttpReply (*render)(const ItemOutcomes& outcome, const AnsweredRequest& request) = nullptr;
  HttpReply (*refuse)(const Refusal& refusal, const AnsweredRequest& request) = nullptr;  // nullptr: error_reply
};

class HttpIngest {
 public:
  struct Dependencies {
    Intake& intake;  // with a desk more than there are io threads: for LargeBodies
    std::size_t io_threads;
    LargeBodies::Settings large_bodies = {};
    std::chrono::milliseconds overload_wait{0};  // how long a request waits for room before it is refused
  };
  struct Callbacks {
    Submit submit;
    // Calls `call` on that io thread, once, after what is ready there now. Empty: requests are submitted one by one.
    std::function<void(std::size_t io_thread, std::function<void()> call)> soon;
    // Whether a token and an address may send more, and what they sent. Empty: as much as they like.
    std::function<std::optional<Refusal>(const std::string& source, const IpAddress& sender)> check_rate;
    std::function<void(const std::string& source, const IpAddress& sender, std::size_t events)> spend_rate;
    OverloadHold::Later later;  // the same after a time. Empty: nothing waits for room
  };
  HttpIngest(Dependencies dependencies, Callbacks callbacks, Metrics& metrics);
  ~HttpIngest();

  // Adds the routes of a protocol. Before the server of that router starts; the HttpIngest outlives the threads that
  // serve the router. The router holds the protocol, and so does each request until it is answered.
  void add(HttpRouter& router, IngestProtocol protocol);
  // A protocol whose route somebody else adds, and which calls answer().
  [[nodiscard]] static std::shared_ptr<const IngestProtocol> completed(IngestProtocol protocol);
  // What a route of add() does.
  void answer(std::shared_ptr<const IngestProtocol> protocol, HttpRequest http, const ReplyTo& reply);
  // How long a request waits for room from now on. Any thread.
  void wait_at_most(std::chrono::milliseconds overload_wait) noexcept;
  // Nothing waits for room any more. Any thread.
  void end_waits() noexcept;

 private:
  // A request on its way, shared with its on_done.
  struct Pending;
  // The requests of one io thread that wait to be submitted together.
  struct Waiting {
    std::deque<std::pair<std::unique_ptr<Request>, std::shared_ptr<Pending>>> requests;
    bool is_called_soon = false;
  };
  void refuse_by_items(const Refusal& refusal, Pending& pending);
  void over_rate(const Refusal& refusal, const std::shared_ptr<Pending>& pending);
  void read_or_wait(const std::shared_ptr<Pending>& pending);
  // False: there is no memory for it now, and it may be tried again.
  bool read(const std::shared_ptr<Pending>& pending);
  void take(Intake::Reading reading, const std::shared_ptr<Pending>& pending);
  void read_rest(Intake::Reading reading, const std::shared_ptr<Pending>& pending);
  void submit_waiting(Waiting& waiting);
  void submit(std::unique_ptr<Request> request, const std::shared_ptr<Pending>& pending);
  // False: the queues are full, and it may be tried again.
  bool try_submit(const std::shared_ptr<Pending>& pending);
  void spend(const Pending& pending, std::size_t events);

  Intake& intake_;
  const Callbacks callbacks_;
  Counter& body_bytes_;
  std::vector<std::unique_ptr<Waiting>> waiting_;  // of each io thread
  OverloadHold for_memory_, for_queues_, for_rates_;
  LargeBodies large_bodies_;
};

}  // namespace straykey
