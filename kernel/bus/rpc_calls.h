// Commands and the calls that wait for their answers. Decides that a call passes the filters of
// rpc.call, that it completes exactly once on the loop that asked and never inside call(), and that
// a late answer touches nobody. Knows no wire format.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/hook_runner.h"
#include "bus/rpc_commands.h"
#include "bus/ticket_pool.h"
#include "loop/buffer_pool.h"

namespace sara::bus {

class RpcCalls final : public RpcCommands {
  public:
    static constexpr uint32_t kCallsMax = 4096;  // per process; docs/limits.md: rpc_calls_max
    static constexpr size_t kCommandsMax = 256;  // docs/limits.md: rpc_commands_max
    static constexpr size_t kNameBytesMax = 64;  // service, method and peer of a call
    static constexpr uint32_t kTimeoutMsMax = 600'000;

    RpcCalls(loop::LoopSet& loops, HookRunner& hooks);
    ~RpcCalls() override;

    bool add(std::string_view service, std::string_view method, std::string_view help,
             sara_command_fn fn, void* user) override;
    sara_status reply(sara_id token, sara_status st, sara_buf* result) override;
    void call(std::string_view service, std::string_view method, std::string_view peer,
              sara_buf* params, uint32_t timeout_ms, sara_done done, void* user) override;
    std::vector<Row> list() const override;

    // [control] owner: the plugin of the command, nullptr for the kernel.
    sara_status addFor(const Instance* owner, sara_id handle, const std::string& plugin,
                       std::string_view service, std::string_view method, std::string_view help,
                       uint32_t flags, sara_command_fn fn, void* user);
    bool remove(const Instance* owner, sara_id handle);
    void removeAll(const Instance* owner);
    // [any]
    sara_status replyFor(const Instance* owner, sara_id token, sara_status st, sara_buf* result);
    // [loop]
    void callFor(const Instance* asker, std::string_view service, std::string_view method,
                 std::string_view peer, sara_buf* params, uint32_t flags, uint32_t timeout_ms,
                 sara_done done, void* user);
    // [any] SARA_RPC_* of a command; SARA_E_NOTFOUND without one, SARA_E_UNSUPPORTED without its
    // service.
    sara_status find(std::string_view service, std::string_view method, uint32_t* flags) const;
    // [loop] Flags of the call whose command runs now.
    uint32_t flagsOf(sara_id token) const { return token == running_token_ ? running_flags_ : 0; }
    // [loop] Calls of this loop that party (nullptr: anybody) asked or should answer end with
    // SARA_E_CLOSED. Also [control] while the loops stand still.
    void finishCalls(uint32_t loop, const Instance* party);
    void close() { closed_.store(true, std::memory_order_relaxed); }

  private:
    struct Command {
        Row row;
        const Instance* owner;
        sara_id handle;
        uint32_t flags;
        sara_command_fn fn;
        void* user;
    };
    using Commands = std::map<std::string, Command, std::less<>>;  // "service\nmethod"
    struct Call : Ticket {
        RpcCalls* table = nullptr;
        const Instance* asker = nullptr;
        std::atomic<const Instance*> answerer{nullptr};
        sara_done done = nullptr;
        void* user = nullptr;
        loop::TimerId timer = 0;
        uint32_t flags = 0;
        std::string service, method, peer;  // keep their capacity
        loop::Buffer* params = nullptr;
        // Written by the winner of the token.
        sara_status status = SARA_OK;
        loop::Buffer* result = nullptr;
    };

    template <class F>
    void change(F f);
    void dispatch(Call& c);
    void decide(Call& c, sara_event* ev, sara_verdict v);
    void answerLater(Call& c, sara_status st, loop::Buffer* result);
    void complete(Call& c);
    static void refuse(sara_done done, void* user, sara_status st);
    static void onFiltered(void* user, uint64_t token, sara_event* ev, sara_verdict v) noexcept;
    static void onTimeout(void* user) noexcept;
    static void onAnswer(void* self, uint64_t call, uint64_t) noexcept;
    static void onRefused(void* user, uint64_t done, uint64_t st) noexcept;

    // The command that this thread runs.
    static thread_local sara_id running_token_;
    static thread_local uint32_t running_flags_;

    loop::LoopSet& loops_;
    HookRunner& hooks_;
    TicketPool<Call> pool_;
    loop::BufferRef no_params_;
    std::atomic<uint32_t> open_{0};
    std::atomic<bool> closed_{false};
    loop::Counter full_, timeouts_;
    std::vector<std::unique_ptr<const Commands>> published_;  // old ones stay: loops may be reading
    std::atomic<const Commands*> current_;
};

}  // namespace sara::bus
