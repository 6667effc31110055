#include "net/kafka/kafka_alert_log.h"

#include <algorithm>
#include <utility>

#include "net/kafka/kafka_topic.h"

namespace straykey {

using std::chrono::milliseconds;

Result<std::unique_ptr<KafkaAlertLog>> KafkaAlertLog::open(Settings settings, Dependencies dependencies) {
  std::unique_ptr<KafkaAlertLog> log(new KafkaAlertLog(std::move(settings), std::move(dependencies)));
  if (Status status = log->open_reader(); !status) return status.error();
  return log;
}

KafkaAlertLog::~KafkaAlertLog() {
  leave();
  if (reader_) reader_->close();
}

void KafkaAlertLog::leave() {
  if (member_) member_->close();
  member_.reset();
  stands_ = elected_ = is_fenced_ = false;
  producer_.reset();
}

void KafkaAlertLog::complain(const KafkaError& error) {
  dependencies_.log.warning("Kafka: the log of [standby]", {{"topic", settings_.topic}, {"error", error.text()}});
}

Status KafkaAlertLog::open_reader() {
  KafkaConsumer::Settings settings;
  settings.client = settings_.client;
  settings.group = settings_.topic + ".follow";  // nothing is ever committed in it
  KafkaConsumer::Callbacks callbacks;
  callbacks.on_error = [this](const KafkaError& error) {
    complain(error);
    if (error.is_fatal) read_error_ = error.text();
  };
  callbacks.on_partition_error = [this](const KafkaPartition&, const KafkaError& error) {
    if (error.name == "_AUTO_OFFSET_RESET" || error.name == "OFFSET_OUT_OF_RANGE") {
      out_of_range_ = true;
      return;
    }
    complain(error);
    read_error_ = error.text();
    topic_is_ready_ = false;
  };
  auto opened = KafkaConsumer::open(settings, std::move(callbacks));
  if (!opened) return opened.error();
  reader_ = std::move(opened).value();
  return {};
}

// Its messages are the reader's affair: this one only wants to be given the partition.
Status KafkaAlertLog::open_member() {
  KafkaConsumer::Settings settings;
  settings.client = settings_.client;
  settings.group = judges();
  settings.session_timeout = kSession;
  settings.heartbeat = kHeartbeat;
  KafkaConsumer::Callbacks callbacks;
  callbacks.on_error = [this](const KafkaError& error) { complain(error); };
  // A topic that was deleted is told here, and made anew by whoever reads or fences next.
  callbacks.on_partition_error = [this](const KafkaPartition&, const KafkaError& error) {
    complain(error);
    topic_is_ready_ = false;
  };
  callbacks.on_assigned = [this](const std::vector<KafkaPartition>& partitions) {
    std::vector<KafkaPosition> positions;
    for (const KafkaPartition& given : partitions) positions.push_back({given, kKafkaEnd});
    if (!partitions.empty()) elected_ = pauses_ = true;
    return positions;
  };
  callbacks.on_revoked = [this](const std::vector<KafkaPartition>& partitions, bool) {
    if (!partitions.empty()) elected_ = false;
  };
  auto opened = KafkaConsumer::open(settings, std::move(callbacks));
  if (!opened) return opened.error();
  member_ = std::move(opened).value();
  if (const KafkaStatus failed = member_->subscribe({settings_.topic})) return Error{failed->text()};
  return {};
}

void KafkaAlertLog::stand(bool stands) {
  if (stands == stands_ || (stands && !topic_is_ready_)) return;
  if (!stands) {
    member_->close();
    member_.reset();
    stands_ = elected_ = false;
    return;
  }
  const Status opened = open_member();
  if (!opened) return complain({"", opened.error().message});
  stands_ = true;
  if (!producer_) (void)open_producer();  // its connections are there when it is needed
}

bool KafkaAlertLog::elected() {
  // What their libraries say is kept until somebody polls.
  if (producer_) (void)producer_->poll(milliseconds(0));
  if (!reading_) (void)reader_->poll(milliseconds(0));
  if (!member_) return false;
  while (member_->poll(milliseconds(0))) {
  }
  if (std::exchange(pauses_, false))
    if (const KafkaStatus failed = member_->pause({partition()})) complain(*failed);
  return elected_;
}

bool KafkaAlertLog::anybody_stands() {
  std::vector<KafkaConsumer::Member> members;
  if (reader_->members_of(judges(), members, kWait)) return true;
  return !members.empty();
}

Status KafkaAlertLog::prepare_topic() {
  if (topic_is_ready_) return {};
  const double waited = dependencies_.uptime() - tried_at_;
  if (waited < std::chrono::duration<double>(kRetry).count()) return Error{"its topic cannot be used yet"};
  tried_at_ = dependencies_.uptime();
  if (Status ensured = ensure_compacted_topic(settings_.client, settings_.topic, kWait); !ensured) return ensured;
  topic_is_ready_ = true;
  reading_.reset();
  return {};
}

Status KafkaAlertLog::open_producer() {
  KafkaProducer::Settings settings;
  settings.client = settings_.client;
  settings.transactional_id = judges();
  settings.transaction_timeout = kTransaction;
  settings.message_timeout = kTransaction;
  settings.linger = milliseconds(0);
  KafkaProducer::Callbacks callbacks;
  callbacks.on_error = [this](const KafkaError& error) { complain(error); };
  callbacks.on_sent = [this](std::uint64_t, const KafkaStatus& status, std::int64_t offset) {
    if (status) send_error_ = status->text();
    if (!status) last_offset_ = std::max(last_offset_, offset);
  };
  auto opened = KafkaProducer::open(settings, std::move(callbacks));
  if (!opened) return opened.error();
  producer_ = std::move(opened).value();
  (void)producer_->look_up(settings_.topic, kRetry);
  return {};
}

Status KafkaAlertLog::fence() {
  if (Status ready = prepare_topic(); !ready) return ready;
  if (is_fenced_) producer_.reset();
  is_fenced_ = false;
  if (!producer_)
    if (Status opened = open_producer(); !opened) return opened;
  if (const KafkaStatus failed = producer_->init_transactions(kWait)) {
    if (!failed->may_try_again) producer_.reset();
    return Error{failed->text()};
  }
  is_fenced_ = true;
  number_ = 0;
  return {};
}

Result<std::uint64_t> KafkaAlertLog::append(Hash128 log, const LogTransaction& transaction) {
  if (!is_fenced_) return Error{"another node may have taken over"};
  last_offset_ = -1;
  send_error_.clear();
  Status sent = send(log, transaction);
  if (sent.ok() && !send_error_.empty()) sent = Error{send_error_};
  if (sent.ok() && last_offset_ < 0) sent = Error{"the brokers did not say where the transaction lies"};
  if (!sent.ok()) {
    producer_.reset();
    is_fenced_ = topic_is_ready_ = false;
    return sent.error();
  }
  // The judge need not read what it wrote; but its first words are read while it takes over.
  constexpr std::uint64_t kFirstWords = 8;
  if (number_ > kFirstWords && std::exchange(reading_, std::nullopt)) (void)reader_->assign({});
  return static_cast<std::uint64_t>(last_offset_) + 1;
}

Status KafkaAlertLog::send(Hash128 log, const LogTransaction& transaction) {
  const auto messages = log_messages(log, transaction, number_++);
  if (!messages) return messages.error();
  if (const KafkaStatus failed = producer_->begin()) return Error{failed->text()};
  for (const LogMessage& message : messages.value()) {
    const KafkaProducer::Message one{
        .topic = settings_.topic,
        .partition = 0,
        .key = message.key,
        .value = message.value ? std::optional<std::string_view>(*message.value) : std::nullopt};
    KafkaStatus failed = producer_->send(one);
    if (failed && failed->may_try_again) {  // its queue is full
      (void)producer_->poll(kWait);
      failed = producer_->send(one);
    }
    if (failed) return Error{failed->text()};
  }
  if (const KafkaStatus failed = producer_->commit(kWait)) return Error{failed->text()};
  return {};
}

// From 0 on is from wherever the topic begins.
Status KafkaAlertLog::begin_at(std::uint64_t from) {
  assembler_.begin_anew();
  out_of_range_ = false;
  const KafkaPosition position{partition(), from == 0 ? kKafkaBeginning : static_cast<std::int64_t>(from)};
  if (const KafkaStatus failed = reader_->assign({position})) return Error{failed->text()};
  reading_ = from;
  is_first_fetch_ = true;
  return {};
}

Result<AlertLog::Read> KafkaAlertLog::read(std::uint64_t from) {
  if (Status ready = prepare_topic(); !ready) return ready.error();
  if (reading_ != from)
    if (Status begun = begin_at(from); !begun) return begun.error();
  read_error_.reset();
  Read read;
  for (std::size_t count = 0; count < kMessagesAtOnce; ++count) {
    const auto message = reader_->poll(std::exchange(is_first_fetch_, false) ? kFirstFetch : milliseconds(0));
    if (!message) break;
    const Status taken =
        assembler_.take(message->key(), message->value(), static_cast<std::uint64_t>(message->offset()) + 1);
    if (!taken) {
      reading_.reset();
      return taken.error();
    }
  }
  read.entries = assembler_.entries();
  if (!read.entries.empty()) reading_ = read.entries.back().next;
  if (out_of_range_) {
    reading_.reset();
    read.out_of_range = read.entries.empty();
  }
  if (read_error_ && read.entries.empty()) return Error{*read_error_};
  return read;
}

// The marker that ends a transaction has an offset, too.
std::uint64_t KafkaAlertLog::behind(std::uint64_t position) {
  const auto marks = reader_->last_watermarks(partition());
  if (!marks || marks->high <= 0) return 0;
  const auto end = static_cast<std::uint64_t>(marks->high);
  return end <= position + 1 ? 0 : end - position;
}

}  // namespace straykey
