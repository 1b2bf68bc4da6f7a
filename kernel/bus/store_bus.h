// The store as the chat room calls it: over whatever plugin provides "sara.store/1".
#pragma once
#include <memory>
#include <vector>

#include "chat/ports.h"
#include "loop/loop_set.h"
#include "sara/abi/services.h"
#include "sara/abi/store.h"

namespace sara::bus {

class StoreBus final : public chat::StorePort {
  public:
    // store: handle of the service, read anew for each call. Without a provider every call
    // completes with kUnsupported.
    StoreBus(loop::LoopSet& loops, const sara_service* store);
    ~StoreBus() override;

    void append(const chat::Packet& packet, uint64_t expires_ms, AppendDone done,
                void* user) override;
    void fetch(std::string_view user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
               FetchDone done, void* user) override;
    void drop(std::string_view user_jid, std::span<const chat::StoredRef> refs) override;
    uint64_t waiting() const override;

  private:
    struct Call;
    struct PerLoop;
    Call& claim();
    static void release(Call& call);
    void refuseLater(Call& call);
    static void onAppended(void* call, sara_status st, uint64_t seq) noexcept;
    static void onFetched(void* call, sara_status st, const sara_stored* packets, uint32_t n,
                          uint32_t more) noexcept;
    static void onRefused(void* bus, uint64_t call, uint64_t unused) noexcept;

    const sara_service* const store_;
    std::vector<std::unique_ptr<PerLoop>> per_loop_;
};

}  // namespace sara::bus
