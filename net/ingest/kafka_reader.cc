#include "net/ingest/kafka_reader.h"

#include <algorithm>
#include <utility>

#include "net/ingest/kafka_start.h"

namespace straykey {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{1'000};
constexpr milliseconds kPollWait{100};
constexpr milliseconds kRoomWait{1'000};
constexpr milliseconds kAnswerWait{3'000};     // of brokers
constexpr milliseconds kBegunWait{5'000};      // for what workers have begun of a partition that is taken away
constexpr milliseconds kMembersEvery{30'000};  // looks at who is in the group
constexpr milliseconds kAskEvery{30'000};      // how long the logs are of partitions that are not read
constexpr milliseconds kSaveEvery{60'000};
constexpr milliseconds kLostEvery{5'000};
constexpr milliseconds kCommitMax{15'000};  // a commit whose end is not told is made again
constexpr milliseconds kMissedMin{2'000};   // brokers that come up may not know their topics for a moment
constexpr int kUnansweredMax = 2;           // then a group is joined whose members nobody tells
constexpr int kMessagesAtOnce = 500;        // between two looks at everything else
constexpr std::size_t kNamedMax = 8;        // partitions in one line of the log
constexpr std::string_view kOurClients = "straykey-";

std::string list_of(const std::vector<KafkaPartition>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < std::min(partitions.size(), kNamedMax); ++i)
    text += (i > 0 ? ", " : "") + partitions[i].topic + " " + std::to_string(partitions[i].number);
  if (partitions.size() > kNamedMax) text += " and " + std::to_string(partitions.size() - kNamedMax) + " more";
  return text;
}

}  // namespace

KafkaReader::KafkaReader(Settings settings, Dependencies dependencies)
    : settings_(std::move(settings)), dependencies_(std::move(dependencies)), start_(std::make_unique<KafkaStart>()) {}

KafkaReader::~KafkaReader() = default;

Seconds KafkaReader::steady_s() const {
  return std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
}

Status KafkaReader::open() {
  KafkaConsumer::Settings settings;
  settings.client = settings_.client;
  settings.group = settings_.group;
  settings.queued_bytes = settings_.queued_bytes;
  KafkaConsumer::Callbacks callbacks;
  callbacks.on_error = [this](const KafkaError& error) { on_error(error); };
  callbacks.on_log = [this](bool is_error, std::string_view line) {
    if (is_error) dependencies_.log.debug("librdkafka", {{"source", settings_.source}, {"says", std::string(line)}});
  };
  callbacks.on_assigned = [this](const std::vector<KafkaPartition>& partitions) {
    on_assigned(partitions);
    return std::vector<KafkaPosition>();
  };
  callbacks.on_revoked = [this](const std::vector<KafkaPartition>& partitions, bool lost) {
    on_revoked(partitions, lost);
  };
  callbacks.on_partition_error = [this](const KafkaPartition& partition, const KafkaError& error) {
    on_partition_error(partition, error);
  };
  callbacks.on_end = [this](const KafkaPartition& partition) {
    start_->know(partition);
    has_end_ = true;
  };
  callbacks.on_committed = [this](const KafkaStatus& status) { on_committed(status); };
  auto opened = KafkaConsumer::open(settings, std::move(callbacks));
  if (!opened) return opened.error();
  consumer_ = std::move(opened).value();
  return {};
}

void KafkaReader::read() {
  if (!join()) return;
  while (!ended()) {
    poll_messages();
    begin_assigned();
    if (std::exchange(has_end_, false) && order_.held() > 0) hold_those_ahead();
    make_room();
    if (Clock::now() >= tick_at_) tick();
  }
}

void KafkaReader::leave() {
  consumer_->close();
  save_memory();
}

bool KafkaReader::join() {
  while (!ended()) {
    if (look_at_members(false)) {
      const KafkaStatus failed = consumer_->subscribe(settings_.topics);
      if (!failed) return true;
      dependencies_.log.error("the topics cannot be subscribed",
                              {{"source", settings_.source}, {"reason", failed->text()}});
    }
    poll_for(unanswered_ > 0 ? kTick : kMembersEvery);
  }
  return false;
}

// Serves callbacks. Nothing is assigned yet, so no message comes.
void KafkaReader::poll_for(milliseconds wait) {
  const auto until = Clock::now() + wait;
  while (!ended() && Clock::now() < until) (void)consumer_->poll(kPollWait);
}

void KafkaReader::poll_messages() {
  for (int i = 0; i < kMessagesAtOnce; ++i) {
    const auto message = consumer_->poll(i == 0 ? kPollWait : milliseconds(0));
    if (!message) return;
    take(*message);
    if (!is_paused_ && !dependencies_.in_hand.has_room()) return;
  }
}

// A time to come would hold its partition, and a false one all others. 0: it has none.
Seconds KafkaReader::time_of(const KafkaMessage& message) const {
  const auto event_time = first_event_time(message.value().value_or(std::string_view()));
  return std::min(event_time.value_or(message.time_ms().value_or(0) / 1'000), dependencies_.now());
}

void KafkaReader::begin_assigned() {
  const auto unknown = start_->begin(steady_s());
  if (!unknown) return;
  if (!unknown->empty()) {
    dependencies_.counters.starts_unknown.add(unknown->size());
    dependencies_.log.warning("partitions are read although the first message of others did not come yet",
                              {{"source", settings_.source}, {"without", list_of(*unknown)}});
  }
  hold_those_ahead();
}

void KafkaReader::take(const KafkaMessage& message) {
  const KafkaPosition at{{std::string(message.topic()), message.partition()}, message.offset()};
  const std::string_view value = message.value().value_or(std::string_view());
  const Seconds time = time_of(message);
  const KafkaInHand::Times times{message.time_ms().value_or(0), day_of(time)};
  if (is_paused_) (void)consumer_->pause({at.partition});  // whoever begins anew is not paused
  if (time > 0) order_.came(at.partition, time, steady_s());
  start_->know(at.partition);
  if (time > 0 && order_.may_change_at(time)) hold_those_ahead();
  if (!start_->waits(at.partition) && !order_.holds(at.partition)) return add(at, value, times);
  kept_[at.partition].push_back({at.offset, std::string(value), times});
  (void)consumer_->pause({at.partition});
}

void KafkaReader::add(const KafkaPosition& at, std::string_view value, KafkaInHand::Times times) {
  if (value.empty()) {
    dependencies_.counters.count(KafkaMessageEnd::empty);
    return dependencies_.in_hand.pass(at.partition, at.offset);
  }
  dependencies_.counters.bytes.add(value.size());
  dependencies_.in_hand.add(at.partition, at.offset, value, times);
}

void KafkaReader::add_kept() {
  std::vector<KafkaPartition> go_on;
  for (const auto& [partition, messages] : kept_) {
    if (start_->waits(partition) || order_.holds(partition)) continue;
    for (const Kept& message : messages) add({partition, message.offset}, message.value, message.times);
    go_on.push_back(partition);
  }
  for (const KafkaPartition& partition : go_on) kept_.erase(partition);
  if (!go_on.empty() && !is_paused_) (void)consumer_->resume(go_on);
}

void KafkaReader::make_room() {
  KafkaInHand& in_hand = dependencies_.in_hand;
  if (is_paused_) {
    if (!in_hand.has_much_room()) return;
    std::vector<KafkaPartition> partitions = in_hand.partitions();
    std::erase_if(partitions, [this](const KafkaPartition& partition) {
      return order_.holds(partition) || kept_.contains(partition);
    });
    (void)consumer_->resume(partitions);
    is_paused_ = false;
    dependencies_.counters.paused.set(0);
    return;
  }
  if (in_hand.has_room()) return;
  dependencies_.counters.waits.add();
  in_hand.wait_for_room(kRoomWait);
  if (in_hand.has_room()) return;
  const std::vector<KafkaPartition> partitions = in_hand.partitions();
  (void)consumer_->pause(partitions);
  is_paused_ = true;
  dependencies_.counters.paused.set(static_cast<double>(partitions.size()));
}

void KafkaReader::tick() {
  const auto now = Clock::now();
  tick_at_ = now + kTick;
  read_failed_again();
  look_for_gone_topics();
  begin_lost();
  commit();
  hold_those_ahead();
  const bool asks = now - asked_at_ >= kAskEvery;
  if (asks) asked_at_ = now;
  look_at_lag(asks);
  if (now - members_at_ >= kMembersEvery && !look_at_members(true)) has_failed_ = true;
  if (dependencies_.memory.grown() || now - saved_at_ >= kSaveEvery) save_memory();
}

void KafkaReader::commit() {
  if (committing_ && Clock::now() - committing_since_ < kCommitMax) return;
  if (committing_) on_committed(KafkaError{"_TIMED_OUT", "the brokers do not answer"});
  std::vector<KafkaPosition> positions = dependencies_.in_hand.take_stored();
  if (positions.empty()) return;
  const KafkaStatus failed = consumer_->commit_soon(positions);
  committing_ = std::move(positions);
  committing_since_ = Clock::now();
  if (failed) on_committed(failed);
}

void KafkaReader::on_committed(const KafkaStatus& status) {
  if (!committing_) return;
  const std::vector<KafkaPosition> positions = *std::exchange(committing_, std::nullopt);
  if (!status) {
    note_committed(positions);
    return;
  }
  dependencies_.counters.errors.add();
  dependencies_.in_hand.give_back(positions);
  dependencies_.log.warning("positions were not committed; they will be again",
                            {{"source", settings_.source}, {"group", settings_.group}, {"reason", status->text()}});
}

void KafkaReader::note_committed(const std::vector<KafkaPosition>& positions) {
  for (const KafkaPosition& position : positions) dependencies_.memory.note(position);
  dependencies_.counters.committed.set(static_cast<double>(dependencies_.now()));
}

void KafkaReader::hold_those_ahead() {
  for (const KafkaPartition& partition : dependencies_.in_hand.partitions()) {
    const auto log = consumer_->last_watermarks(partition);
    const auto next = dependencies_.in_hand.next(partition);
    order_.set_waiting(partition, !log || !next || *next < log->high);
  }
  KafkaOrder::Changes changes = order_.decide(steady_s());
  if (!changes.hold.empty()) {
    (void)consumer_->pause(changes.hold);
    dependencies_.log.info("partitions wait, because others are behind in the time of their events",
                           {{"source", settings_.source}, {"partitions", list_of(changes.hold)}});
  }
  if (!changes.went_on_late.empty())
    dependencies_.log.warning("partitions waited for others as long as they may, and go on before these",
                              {{"source", settings_.source}, {"partitions", list_of(changes.went_on_late)}});
  std::erase_if(changes.go_on, [this](const KafkaPartition& partition) { return kept_.contains(partition); });
  add_kept();
  if (!changes.go_on.empty() && !is_paused_) (void)consumer_->resume(changes.go_on);
  dependencies_.counters.held.set(static_cast<double>(order_.held()));
}

void KafkaReader::read_failed_again() {
  for (const KafkaPartition& partition : dependencies_.in_hand.take_failed()) {
    const auto stored = dependencies_.in_hand.stored(partition);
    if (!stored) continue;
    dependencies_.in_hand.let_go({partition}, milliseconds(0));
    dependencies_.in_hand.assign(partition, *stored);
    kept_.erase(partition);
    order_.begin(partition, steady_s());
    dependencies_.log.warning("our own store did not take messages, which are read again",
                              {{"source", settings_.source},
                               {"topic", partition.topic},
                               {"partition", std::to_string(partition.number)},
                               {"position", std::to_string(*stored)}});
    if (const KafkaStatus failed = consumer_->restart({partition, *stored})) on_partition_error(partition, *failed);
  }
}

void KafkaReader::look_for_gone_topics() {
  const auto now = Clock::now();
  if (!misses_topic_ || now - missed_at_ < kMissedMin) return;
  missed_at_ = now;
  bool all_there = true;
  for (const std::string& topic : settings_.topics) {
    std::size_t count = 0;
    const bool answered = !consumer_->partitions_of(topic, count, kAnswerWait);
    all_there = all_there && answered && count > 0;
    if (!answered || count > 0) continue;
    for (const KafkaPartition& partition : dependencies_.in_hand.partitions())
      if (partition.topic == topic) lost_.insert(partition);
    was_gone_ = true;
  }
  if (all_there) misses_topic_ = false;
}

void KafkaReader::begin_lost() {
  if (lost_.empty() || Clock::now() - lost_at_ < kLostEvery) return;
  lost_at_ = Clock::now();
  while (!lost_.empty() && begin(*lost_.begin())) lost_.erase(lost_.begin());
  if (!lost_.empty()) return;
  lost_at_ = {};
  // The library goes on nowhere in a partition that it saw go, so another membership does.
  if (std::exchange(was_gone_, false)) has_failed_ = true;
}

// False: the brokers did not answer.
bool KafkaReader::begin(const KafkaPartition& partition) {
  // The library looks by itself only every few minutes whether a topic that it lost is there again.
  std::size_t partitions = 0;
  KafkaStatus failed = consumer_->partitions_of(partition.topic, partitions, kAnswerWait);
  if (!failed && partitions == 0) return false;
  KafkaWatermarks log;
  if (!failed) failed = consumer_->watermarks(partition, log, kAnswerWait);
  KafkaPast past{dependencies_.in_hand.next(partition), dependencies_.memory.knows_topic(partition.topic)};
  if (!past.position) past.position = dependencies_.memory.position(partition);
  if (!failed && !past.position) {
    std::vector<KafkaPosition> positions{{partition}};
    failed = consumer_->committed(positions, kAnswerWait);
    if (!failed && positions.front().offset >= 0) past.position = positions.front().offset;
  }
  if (failed) {
    dependencies_.counters.errors.add();
    dependencies_.log.debug("a partition cannot be begun yet", {{"source", settings_.source},
                                                                {"topic", partition.topic},
                                                                {"partition", std::to_string(partition.number)},
                                                                {"reason", failed->text()}});
    return false;
  }
  const KafkaBegin begin = where_to_begin(log, past, settings_.from_the_end);
  kept_.erase(partition);
  dependencies_.in_hand.let_go({partition}, milliseconds(0));
  dependencies_.in_hand.assign(partition, begin.offset);  // which is committed at the next tick, so that it is known
  order_.begin(partition, steady_s());
  if (begin.loss) dependencies_.counters.count(*begin.loss);
  dependencies_.counters.deleted_unread.add(static_cast<std::uint64_t>(begin.deleted_unread));
  tell_begin(dependencies_.log, settings_.source, partition, begin);
  if ((failed = consumer_->restart({partition, begin.offset}))) on_partition_error(partition, *failed);
  return true;
}

void KafkaReader::look_at_lag(bool asks) {
  for (const KafkaPartition& partition : dependencies_.in_hand.partitions()) {
    auto log = consumer_->last_watermarks(partition);
    if (asks && (!log || is_paused_ || order_.holds(partition))) {
      KafkaWatermarks asked;
      const KafkaStatus failed = consumer_->watermarks(partition, asked, kAnswerWait);
      if (!failed) log = asked;
      asks = !failed;
    }
    const auto stored = dependencies_.in_hand.stored(partition);
    if (log && stored)
      dependencies_.counters.set_lag(partition, static_cast<double>(std::max<std::int64_t>(log->high - *stored, 0)));
  }
}

bool KafkaReader::look_at_members(bool has_joined) {
  members_at_ = Clock::now();
  std::vector<KafkaConsumer::Member> members;
  if (const KafkaStatus failed = consumer_->members_of(settings_.group, members, kAnswerWait)) {
    if (failed->may_try_again && ++unanswered_ < kUnansweredMax) return has_joined;
    if (!std::exchange(told_of_rights_, true))
      dependencies_.log.warning("nobody can tell who else is in the group",
                                {{"source", settings_.source},
                                 {"group", settings_.group},
                                 {"reason", failed->text()},
                                 {"change", "the right to describe the group"}});
    return true;
  }
  unanswered_ = 0;
  const std::string& ours = settings_.client.client_id;
  std::erase_if(members, [&](const KafkaConsumer::Member& member) { return member.client_id == ours; });
  dependencies_.counters.strangers.set(static_cast<double>(members.size()));
  if (members.empty()) return true;
  // Of two that joined at once the one stays whose name comes first.
  const bool leaves = std::any_of(members.begin(), members.end(), [&](const KafkaConsumer::Member& member) {
    return member.client_id.starts_with(kOurClients) && member.client_id < ours;
  });
  const std::string_view what =
      !has_joined ? "the group has a member of another installation, so it is not joined: each would learn half"
      : leaves    ? "the group has a member of another installation, so it is left: each would learn half"
                  : "the group has a member that is not ours, which takes a part of the messages";
  dependencies_.log.error(what, {{"source", settings_.source},
                                 {"group", settings_.group},
                                 {"member", members.front().client_id},
                                 {"host", members.front().host},
                                 {"change", "a group of its own for each installation"}});
  return has_joined && !leaves;
}

void KafkaReader::save_memory() {
  saved_at_ = Clock::now();
  if (!dependencies_.memory.changed()) return;
  if (const Status status = dependencies_.remember(dependencies_.memory.text()); !status)
    dependencies_.log.warning("positions could not be written down; the brokers have them all the same",
                              {{"source", settings_.source}, {"reason", status.error().message}});
}

void KafkaReader::on_assigned(const std::vector<KafkaPartition>& partitions) {
  for (const KafkaPartition& partition : partitions) {
    dependencies_.in_hand.assign(partition);
    order_.begin(partition, steady_s());
    start_->assigned(partition, steady_s());
  }
  dependencies_.counters.rebalances.add();
  dependencies_.counters.partitions.set(static_cast<double>(dependencies_.in_hand.partitions().size()));
  dependencies_.log.info(
      "the group gave us partitions",
      {{"source", settings_.source}, {"group", settings_.group}, {"partitions", list_of(partitions)}});
}

void KafkaReader::on_revoked(const std::vector<KafkaPartition>& partitions, bool lost) {
  KafkaInHand& in_hand = dependencies_.in_hand;
  in_hand.let_go(partitions, lost ? milliseconds(0) : kBegunWait);
  const std::vector<KafkaPosition> positions = in_hand.take_stored();
  if (!lost && !positions.empty()) {
    if (const KafkaStatus failed = consumer_->commit(positions, kAnswerWait)) {
      committing_ = positions;
      on_committed(failed);
    } else {
      note_committed(positions);
    }
  }
  in_hand.revoke(partitions);
  for (const KafkaPartition& partition : partitions) {
    order_.end(partition);
    start_->gone(partition);
    kept_.erase(partition);
    lost_.erase(partition);
    dependencies_.counters.set_lag(partition, 0);
  }
  dependencies_.counters.rebalances.add();
  dependencies_.counters.partitions.set(static_cast<double>(in_hand.partitions().size()));
  dependencies_.log.info(
      lost ? "the group took partitions from us that were not given back" : "partitions were given back",
      {{"source", settings_.source}, {"group", settings_.group}, {"partitions", list_of(partitions)}});
}

void KafkaReader::on_partition_error(const KafkaPartition& partition, const KafkaError& error) {
  if (error.name == "_AUTO_OFFSET_RESET") {
    lost_.insert(partition);
    return;
  }
  dependencies_.counters.errors.add();
  dependencies_.log.warning("a topic cannot be read", {{"source", settings_.source},
                                                       {"topic", partition.topic},
                                                       {"partition", std::to_string(partition.number)},
                                                       {"reason", error.text()}});
}

// It may come every second, for as long as the topic is gone.
void KafkaReader::on_unknown_topic(const KafkaError& error) {
  if (std::exchange(misses_topic_, true)) return;
  missed_at_ = Clock::now();
  dependencies_.log.error("a topic is not there", {{"source", settings_.source}, {"reason", error.text()}});
}

void KafkaReader::on_error(const KafkaError& error) {
  dependencies_.counters.errors.add();
  if (error.name == "UNKNOWN_TOPIC_OR_PART" || error.name == "_UNKNOWN_PARTITION") return on_unknown_topic(error);
  if (error.is_fatal) has_failed_ = true;
  const bool refused = error.name == "_AUTHENTICATION" || error.name == "_SSL";
  dependencies_.log.error(
      refused                             ? "a broker refuses us"
      : error.name == "_ALL_BROKERS_DOWN" ? "no broker can be reached"
                                          : "a broker cannot be used",
      {{"source", settings_.source}, {"brokers", settings_.client.brokers}, {"reason", error.text()}});
  if (refused) dependencies_.on_refused();
}

}  // namespace straykey
