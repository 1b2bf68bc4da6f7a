// The splitter with a memory: feeds chunks, each in a heap block of its own size, and writes down
// what came out. Used by tests and by the fuzz target; naiveSplit() is the rule in its plainest
// form.
#pragma once
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frame_splitter.h"

namespace sara::tcp {

class RecordedSplit {
  public:
    explicit RecordedSplit(uint64_t limit) : limit_bytes(limit) {}
    ~RecordedSplit() { pool.put(partial); }

    // stop_after: the sink says stop behind every n-th frame, and the rest is fed again; 0: never.
    void feed(std::string_view chunk, size_t stop_after = 0) {
        stop_after_ = stop_after;
        while (!chunk.empty() && !broken) {
            const auto block = std::make_unique<uint8_t[]>(chunk.size() + stream::kPaddingBytes);
            std::memcpy(block.get(), chunk.data(), chunk.size());
            const size_t used = split(pool, partial, block.get(), chunk.size(), *this);
            // What is left may have lost its NULs: it is what the splitter says it is.
            rest_.assign(reinterpret_cast<const char*>(block.get()) + used, chunk.size() - used);
            chunk = rest_;
        }
    }
    size_t unfinished() const { return partial != nullptr ? partial->size() : 0; }

    // The sink.
    uint64_t limit() const { return limit_bytes; }
    bool frame(const uint8_t* body, uint64_t len) {
        volatile uint8_t sum = 0;
        for (uint64_t i = 0; i < len + stream::kPaddingBytes; ++i)
            sum = static_cast<uint8_t>(sum + body[i]);
        events.emplace_back(reinterpret_cast<const char*>(body), len);
        return goOn();
    }
    bool heartbeat() {
        events.emplace_back("HEARTBEAT");
        return goOn();
    }
    void tooLarge() {
        events.emplace_back("TOO LARGE");
        broken = true;
    }
    void noMemory() {
        events.emplace_back("NO MEMORY");
        broken = true;
    }

    uint64_t limit_bytes;
    stream::BlockPool pool;
    stream::Block* partial = nullptr;
    std::vector<std::string> events;
    bool broken = false;

  private:
    bool goOn() const { return stop_after_ == 0 || events.size() % stop_after_ != 0; }

    size_t stop_after_ = 0;
    std::string rest_;
};

inline std::vector<std::string> naiveSplit(std::string_view bytes, uint64_t limit) {
    std::vector<std::string> events;
    std::string body;
    for (const char c : bytes) {
        if (c == '\0') continue;
        if (c != '\x01') {
            body += c;
            if (body.size() > limit) {
                events.emplace_back("TOO LARGE");
                return events;
            }
            continue;
        }
        if (body == "\x02") {
            events.emplace_back("HEARTBEAT");
        } else if (!body.empty()) {
            events.push_back(body);
        }
        body.clear();
    }
    return events;
}

}  // namespace sara::tcp
