// Calls a sara.store/1 on a fake host and keeps what came back, either at once (append(), fetch(),
// drop() turn the host until the answer is there) or later (the start...() functions). Counts
// completions, so that a missing or a doubled one is seen.
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "testkit/host/fake_host.h"

namespace sara::testkit {

struct StoredPacket {
    uint64_t seq = 0;
    std::string id;
    std::string from;
    std::string packet;
    bool operator==(const StoredPacket&) const = default;
};

// The answer to one call. completions is 1 when the store keeps its contract.
struct StoreAnswer {
    int completions = 0;
    sara_status status = SARA_E_PLUGIN;
    uint64_t seq = 0;  // append
    std::vector<StoredPacket> packets;
    uint32_t more = 0;
    uint32_t loop = UINT32_MAX;  // the loop on which it completed
    bool inside_call = false;    // completed before the call had returned
    uint64_t place = 0;          // 1 for the client's first completion, 2 for the next, ...
};

struct AppendOptions {
    std::string from = "sender@demo";
    uint64_t expires_ms = UINT64_MAX / 2;
    uint32_t loop = 0;
};

class StoreClient {
  public:
    using Answer = std::shared_ptr<const StoreAnswer>;

    StoreClient(FakeHost& host, const sara_store* api, void* self)
        : host_(host), api_(api), self_(self) {}
    // Answers may still arrive afterwards; they find nobody.
    ~StoreClient() = default;

    StoreAnswer append(std::string_view user, std::string_view id, std::string_view packet,
                       const AppendOptions& options = {});
    StoreAnswer fetch(std::string_view user, uint64_t after_seq = 0, uint32_t count = UINT32_MAX,
                      uint64_t bytes_max = UINT64_MAX, uint32_t loop = 0);
    StoreAnswer drop(std::string_view user, const std::vector<uint64_t>& seqs, uint32_t loop = 0);
    // The whole backlog, page by page.
    std::vector<StoredPacket> fetchAll(std::string_view user, uint32_t page = 500);

    // To be called on a loop (FakeLoop::run); the answer arrives in later turns.
    Answer startAppend(std::string_view user, std::string_view id, std::string_view packet,
                       const AppendOptions& options = {});
    Answer startFetch(std::string_view user, uint64_t after_seq = 0, uint32_t count = UINT32_MAX,
                      uint64_t bytes_max = UINT64_MAX);
    Answer startDrop(std::string_view user, const std::vector<uint64_t>& seqs);
    void dropSilently(std::string_view user, const std::vector<uint64_t>& seqs);
    // Turns the host until it has answered everything; false after 20 s.
    bool wait(const std::vector<Answer>& answers);

    FakeHost& host() { return host_; }
    const sara_store* api() const { return api_; }
    void* self() const { return self_; }

  private:
    struct Call;
    Call* begin();
    StoreAnswer waitFor(const Answer& answer);

    FakeHost& host_;
    const sara_store* const api_;
    void* const self_;
    std::shared_ptr<uint64_t> places_ = std::make_shared<uint64_t>(0);
};

}  // namespace sara::testkit
