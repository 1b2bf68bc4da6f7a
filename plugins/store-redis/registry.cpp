#include "store-redis/registry.h"

#include "store-redis/session_record.h"
#include "store-redis/slot.h"

namespace sara::store_redis {
namespace {

constexpr uint64_t kBeatEveryMs = 500;
constexpr uint64_t kAliveS = 15;
constexpr std::string_view kSweepCount = "500";

}  // namespace

// A command that is nobody's call; deletes itself when it is answered.
class Registry::Command final : public Request {
  public:
    Command(Script script, std::vector<std::string> words, Answer answer)
        : script_(script), words_(std::move(words)), answer_(std::move(answer)) {
        repeatable = true;
    }
    void encode(std::string* out, bool whole) const override {
        const bool scripted = script_ != Script::kCount;
        CommandWriter writer = scripted ? beginScript(out, script_, whole, 1, words_.size() - 1)
                                        : CommandWriter(out).begin(words_.size());
        for (const std::string& word : words_) writer.arg(word);
    }
    void answered(const redisReply& reply) override {
        answer_(&reply);
        delete this;
    }
    void failed(sara_status) override {
        answer_(nullptr);
        delete this;
    }

  private:
    const Script script_;  // kCount: a plain command
    const std::vector<std::string> words_;
    const Answer answer_;
};

Registry::Registry(const Surroundings& around, std::vector<std::unique_ptr<Desk>>& desks)
    : around_(around),
      desks_(desks),
      value_(around.settings.node_id + std::to_string(around.settings.boot_ms)) {}

void Registry::submit(Command* command) {
    command->deadline_ms = around_.host.nowMs() + around_.settings.call_timeout_ms;
    desks_[0]->router().submit(command);
    desks_[0]->askTurnEnd();
}

void Registry::send(const std::string& key, std::vector<std::string> words, Answer answer) {
    auto* command = new Command(Script::kCount, std::move(words), std::move(answer));
    command->slot = slotOf(key);
    submit(command);
}

void Registry::run(Script script, const std::string& key, std::vector<std::string> arguments,
                   Answer answer) {
    arguments.insert(arguments.begin(), key);
    auto* command = new Command(script, std::move(arguments), std::move(answer));
    command->slot = slotOf(key);
    submit(command);
}

void Registry::tick() {
    const uint64_t now = around_.host.nowMs();
    if (asked_ || now - beat_ms_ < kBeatEveryMs || !desks_[0]->router().healthy()) return;
    beat_ms_ = now;
    asked_ = true;
    run(Script::kBeat, "node_alive_" + around_.settings.node_id,
        {std::to_string(kAliveS), around_.settings.node_addr},
        [this](const redisReply* reply) { beaten(reply); });
}

void Registry::beaten(const redisReply* reply) {
    asked_ = false;
    if (reply == nullptr) return;
    if (reply->type != REDIS_REPLY_INTEGER) {
        // The next append would fare no better: no memory, no disk, a key of another type.
        desks_[0]->complain("of the node registry", textOf(*reply));
        return;
    }
    const uint64_t now = around_.host.nowMs();
    const bool first = alive_ms_ == 0;
    const bool forgotten = reply->integer == 0 && !first && now - alive_ms_ < kAliveS * 1000;
    alive_ms_ = now;
    if (forgotten) {
        around_.host.log(SARA_LOG_WARN, "Redis has lost its data; sessions are written again");
        for (const auto& desk : desks_) desk->renewWanted().store(true, std::memory_order_relaxed);
    }
    if (first || reply->integer == 0) enrol();
    if (!clean_ && !sweeping_) sweep("0");
}

void Registry::enrol() {
    const std::string& node = around_.settings.node_id;
    send("sara_idx", {"HSET", "sara_idx", node, value_}, [](const redisReply*) {});
    send(node, {"SET", node, value_}, [](const redisReply*) {});
}

void Registry::sweep(const std::string& cursor) {
    sweeping_ = true;
    const std::string list = around_.settings.node_id + "_idx";
    send(list, {"HSCAN", list, cursor, "COUNT", std::string(kSweepCount)},
         [this](const redisReply* reply) { swept(reply); });
}

void Registry::swept(const redisReply* reply) {
    const bool good = reply != nullptr && reply->type == REDIS_REPLY_ARRAY &&
                      reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_ARRAY;
    if (!good) {
        sweeping_ = false;  // the next beat begins anew
        return;
    }
    const std::string list = around_.settings.node_id + "_idx";
    const redisReply& page = *reply->element[1];
    const std::string ours = recordTail(around_.settings.boot_ms);
    for (size_t i = 0; i + 1 < page.elements; i += 2) {
        const std::string key(textOf(*page.element[i]));
        const std::string record(textOf(*page.element[i + 1]));
        if (!key.starts_with("session_") || record.ends_with(ours)) continue;
        run(Script::kErase, key, {record}, [](const redisReply*) {});
        run(Script::kStrike, list, {key, record}, [](const redisReply*) {});
    }
    const std::string next(textOf(*reply->element[0]));
    if (!next.empty() && next != "0") return sweep(next);
    sweeping_ = false;
    clean_ = true;
}

void Registry::leave() {
    if (alive_ms_ == 0) return;
    const std::string& node = around_.settings.node_id;
    const std::string alive = "node_alive_" + node;
    send(alive, {"DEL", alive}, [](const redisReply*) {});
    send("sara_idx", {"HDEL", "sara_idx", node}, [](const redisReply*) {});
    send(node, {"DEL", node}, [](const redisReply*) {});
}

}  // namespace sara::store_redis
