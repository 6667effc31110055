// Any bytes as a RELP connection. Whole and in pieces it must store the same events and give the same answers, in any
// order, none of them twice.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/invariant.h"
#include "core/event/relp_frame.h"
#include "net/ingest/relp_session.h"
#include "net/ingest/syslog_intake.h"
#include "tests/fuzz/socket_pair.h"
#include "tests/fuzz/targets.h"

namespace straykey {
namespace {

struct Spoken {
  std::vector<std::string> answers;  // sorted
  std::size_t events = 0;
  bool operator==(const Spoken&) const = default;
};

class Site {
 public:
  Site() : log_(Log::Settings{LogLevel::error, false}) {
    Intake::Callbacks reading;
    reading.now = [] { return Seconds{1'780'000'000}; };
    reader_ = std::make_unique<Intake>(PayloadLimits{}, 1, std::move(reading), metrics_);
    const auto submit = [this](std::unique_ptr<Request>& request) {
      const std::unique_ptr<Request> taken = std::move(request);
      events_ += taken->events.size();
      taken->on_done(RequestOutcome::committed);
      return SubmitResult::accepted;
    };
    intake_ =
        std::make_unique<SyslogIntake>(SyslogIntakeSettings{}, SyslogIntake::Dependencies{*reader_, submit, log_});
    budget_ = std::make_shared<ByteBudget>(std::size_t{1} << 30);
    SyslogListenerSettings settings;
    settings.protocol = SyslogListenerSettings::Protocol::relp;
    settings.timeouts.retry_min = std::chrono::milliseconds(0);
    listener_ = std::make_shared<SyslogListener>(settings, budget_, metrics_, log_);
  }

  Spoken speak(std::string_view bytes, std::size_t piece) {
    events_ = 0;
    SocketPair pair;
    auto session = make_relp_session(listener_, *intake_, pair.take_socket(), nullptr, StreamPeer{});
    auto run = [session]() -> IoAwait<void> { co_await session->run(); };
    boost::asio::co_spawn(pair.context(), std::move(run), boost::asio::detached);
    session.reset();
    const std::string answers = pair.exchange(bytes, piece);
    INVARIANT(budget_->used() == 0);
    return {frames_in(answers), events_};
  }

 private:
  static std::vector<std::string> frames_in(std::string_view answers) {
    std::vector<std::string> frames;
    while (!answers.empty()) {
      const RelpFrame frame = read_relp_frame(answers);
      INVARIANT(frame.verdict == RelpFrame::Verdict::whole);
      frames.emplace_back(answers.substr(0, frame.bytes));
      answers.remove_prefix(frame.bytes);
    }
    std::sort(frames.begin(), frames.end());
    return frames;
  }

  Log log_;
  Metrics metrics_;
  std::size_t events_ = 0;
  std::unique_ptr<Intake> reader_;
  std::unique_ptr<SyslogIntake> intake_;
  std::shared_ptr<ByteBudget> budget_;
  std::shared_ptr<SyslogListener> listener_;
};

}  // namespace

void fuzz_relp(std::string_view input) {
  if (input.empty()) return;
  static Site site;
  const std::size_t piece = static_cast<unsigned char>(input[0]) % 32 + 1u;
  const std::string_view bytes = input.substr(1);
  const Spoken whole = site.speak(bytes, std::max<std::size_t>(bytes.size(), 1));
  INVARIANT(whole == site.speak(bytes, std::max(piece, bytes.size() / 200)));
}

}  // namespace straykey
