// A sara.store/1 that keeps everything in memory, for tests of what uses a store. Passes the store
// contract, and misbehaves on request within it: failing, slow, and answering different users in
// another order. One thread at a time.
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sara::testkit {

class MemoryStore {
  public:
    // host: for time, this_loop() and posts; must outlive the store.
    explicit MemoryStore(const sara_host* host, uint64_t backlog_messages_max = 100'000);
    ~MemoryStore();
    MemoryStore(const MemoryStore&) = delete;
    MemoryStore& operator=(const MemoryStore&) = delete;

    // The service: table() with this as self.
    static const sara_store* table();

    // The next n appends complete with status instead of being kept.
    void failAppends(uint64_t n, sara_status status = SARA_E_IO);
    void failFetches(uint64_t n, sara_status status = SARA_E_IO);
    // From now on nothing completes until release(). Effects happen at once, as in a store whose
    // answers are on their way.
    void hold() { held_ = true; }
    // Lets the n oldest held completions go; without n all of them, and later ones are not held.
    void release(uint64_t n = UINT64_MAX);
    // Held completions of different users go in another order (those of one user never do).
    void reorderUsers(bool on) { reorder_ = on; }
    void setHealth(sara_status status) { health_ = status; }
    void setPromise(uint32_t bits) { promise_ = bits; }
    // Later calls complete with SARA_E_CLOSED, held completions go now.
    void close();

    uint64_t waiting(std::string_view user) const;  // packets, expired ones included
    uint64_t held() const { return static_cast<uint64_t>(pending_.size()); }
    uint64_t appends() const { return appends_; }  // calls so far
    uint64_t fetches() const { return fetches_; }
    uint64_t drops() const { return drops_; }

  private:
    friend struct MemoryStoreTable;
    struct Packet {
        uint64_t seq;
        uint64_t expires_ms;
        std::string id, from, packet;
    };
    struct Presence {
        std::string jid, sid, node, channel;
        uint64_t since_ms = 0;
    };
    struct Completion {
        std::string user;
        uint32_t loop = 0;
        std::function<void()> run;
    };
    using Found = std::vector<Packet>;

    void complete(std::string_view user, std::function<void()> run);
    void send(Completion completion);
    sara_status keep(const sara_store_packet& p, uint64_t* seq);
    Found find(std::string_view user, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
               uint32_t* more) const;

    const sara_host* const host_;
    const sara_loop* const loop_;
    const uint64_t backlog_messages_max_;
    std::map<std::string, std::deque<Packet>, std::less<>> backlogs_;
    std::map<std::string, Presence, std::less<>> presence_;
    std::deque<Completion> pending_;
    uint64_t last_seq_ = 0;
    uint64_t failing_appends_ = 0;
    uint64_t failing_fetches_ = 0;
    uint64_t appends_ = 0, fetches_ = 0, drops_ = 0;
    sara_status fail_append_status_ = SARA_E_IO;
    sara_status fail_fetch_status_ = SARA_E_IO;
    sara_status health_ = SARA_OK;
    uint32_t promise_ = 0;
    bool held_ = false;
    bool reorder_ = false;
    bool closed_ = false;
};

}  // namespace sara::testkit
