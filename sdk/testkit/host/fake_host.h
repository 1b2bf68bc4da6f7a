// A sara_host for tests of one plugin: loops that the test turns, a clock that it moves, a log and
// metrics that it reads, and a config from JSON text. Refuses nothing that the ABI allows and
// checks little: the real host's refusals are tested with the real host.
//
//   FakeHost host({.loops = 1, .config_json = R"({"port": 0})", .manifest_json =
//   SARA_MANIFEST_JSON}); PluginInstance plugin(host, descriptor); ASSERT_EQ(plugin.start(),
//   SARA_OK) << host.error();
#pragma once
#include <sara/sara.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testkit/host/fake_loop.h"

namespace sara::testkit {

inline sara_str toStr(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view toView(sara_str text) {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}
inline std::string_view toView(const sara_buf* buf) {
    return {reinterpret_cast<const char*>(buf->data), buf->len};
}

struct LogLine {
    int32_t level;
    std::string text;
};

struct FakeHostOptions {
    uint32_t loops = 1;
    std::string config_json = "{}";  // the plugin's own section
    std::string manifest_json = {};  // when given, defaults of its "config" fill the gaps
    bool real_time = false;          // true: clocks follow the machine
    size_t mailbox_max = 1'000'000;  // posts per loop
    int32_t log_level = SARA_LOG_DEBUG;
    std::string instance = "test";
    std::string node_id = "test-node";
};

class FakeHost {
  public:
    using Options = FakeHostOptions;

    // Throws std::runtime_error when config or manifest is not JSON.
    explicit FakeHost(const Options& options = {});
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    const sara_host* table() const { return &table_; }
    FakeClock& clock() { return clock_; }
    FakeLoop& loop(uint32_t number = 0) { return *loops_.at(number); }
    uint32_t loopCount() const { return static_cast<uint32_t>(loops_.size()); }

    // [control] Another extension that get_extension() finds, e.g. "sara.gate/1"; nullptr takes one
    // away, also a built-in one. table must outlive the host.
    void provide(const std::string& id, const void* table);
    // [control] A service that sara.services/1 finds. api may be NULL: provider gone.
    void provideService(const std::string& id, const void* api, void* self);

    // One turn of every loop. True when anything ran.
    bool turn();
    // Turns until nothing is left to do at this time of the clock (at most 10,000 turns).
    void settle();
    // Turns until done() or the deadline in real time; false: the deadline came first.
    bool runUntil(const std::function<bool()>& done,
                  std::chrono::milliseconds deadline = std::chrono::seconds(10));
    // Moves the clock and lets everything that is due run.
    void advance(uint64_t ms);

    // A buffer with one reference for the caller; see unref().
    sara_buf* buffer(std::string_view bytes);
    void unref(sara_buf* buf) const { table_.buf_unref(&table_, buf); }
    // [any] Buffers with at least one reference: 0 at the end of a tidy test.
    int64_t buffersAlive() const { return buffers_alive_.load(); }
    // [any] After n more buffers buf_new() and buf_wrap() return NULL; negative: never.
    void failBuffersAfter(int64_t n) { buffers_left_.store(n); }

    // A command that the plugin added, called as a transport would; settles first. result is the
    // JSON text or "". SARA_E_UNSUPPORTED: no such command.
    struct CommandAnswer {
        sara_status status = SARA_E_UNSUPPORTED;
        std::string result;
        int answers = 0;  // 1 when it has answered
    };
    CommandAnswer command(std::string_view service, std::string_view method,
                          std::string_view params, bool trusted = true, uint32_t loop = 0);
    // [any] What the plugin's health check says: status and reason.
    std::pair<sara_status, std::string> check(std::string_view name) const;

    // [any]
    std::vector<LogLine> log() const;
    bool logged(std::string_view part) const;
    // [any] Text of the last set_error().
    std::string error() const;
    // [any] Value of a metric, 0 when nobody has defined it.
    int64_t metric(std::string_view name) const;

  private:
    friend struct FakeHostTables;
    friend struct FakeCommandTables;
    struct Value {
        enum Kind { kString, kInt, kBool, kOther } kind = kOther;
        std::string text;
        int64_t number = 0;
    };
    struct Command {
        uint32_t flags;
        sara_command_fn fn;
        void* user;
    };
    struct Pending {  // a call of one command
        CommandAnswer answer;
        uint32_t flags = 0;
        uint32_t loop = 0;
        sara_done done = nullptr;
        void* user = nullptr;
        sara_buf* result = nullptr;
    };
    struct Check {
        sara_check_fn fn;
        void* user;
    };
    struct Metric {
        std::string name;
        std::string help;
        uint32_t kind = 0;
        std::atomic<int64_t> value{0};
    };

    void readConfig(const std::string& config, const std::string& manifest);
    void fillTable();
    void fillCommandTables();

    sara_host table_{};
    const Options options_;
    FakeClock clock_;
    std::vector<std::unique_ptr<FakeLoop>> loops_;
    std::map<std::string, const void*> extensions_;
    std::map<std::string, std::unique_ptr<sara_service>> services_;
    std::map<std::string, Value> config_;
    std::string config_text_;

    std::atomic<int64_t> buffers_alive_{0};
    std::atomic<int64_t> buffers_left_{-1};

    std::map<std::pair<std::string, std::string>, Command> commands_;  // service, method
    std::map<std::string, Check> checks_;

    mutable std::mutex
        mutex_;  // pending_, next_token_, log_, error_, metrics_ (its size; values are atomic)
    std::map<sara_id, Pending> pending_;
    sara_id next_token_ = 1;
    sara_id running_ = 0;  // the command that runs now
    std::vector<LogLine> log_;
    std::string error_;
    std::deque<Metric> metrics_;
    std::atomic<uint32_t> metrics_count_{0};
};

}  // namespace sara::testkit
