// Who has the access token. Decides in constant time, and that an address which gave too many wrong
// tokens is refused for a while, whatever it gives then: otherwise guessing would still pay.
// Refuses to remember tokens.
#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sara::rpc_http {

class TokenGuard {
  public:
    static constexpr size_t kAddressesMax = 4096;  // docs/limits.md: token_addresses_max

    enum class Answer { kTrusted, kWrong, kBarred };

    // token empty: everybody is trusted. per_minute_max 0: nobody is barred.
    TokenGuard(std::string token, uint32_t per_minute_max)
        : token_(std::move(token)), per_minute_max_(per_minute_max) {}

    // [any] address: text of an IP address. now_ms: monotonic.
    Answer ask(std::string_view address, std::string_view presented, uint64_t now_ms);
    // [any] Was this address refused before it could give a token?
    bool barred(std::string_view address, uint64_t now_ms);
    // [any] The address gave something wrong, a command's own password included.
    void wrong(std::string_view address, uint64_t now_ms);

    // [any] Takes the same time for every text of the same length.
    static bool same(std::string_view secret, std::string_view presented);
    // [any] What counts as one address: IPv6 by its first 64 bits.
    static std::string groupOf(std::string_view address);

  private:
    struct Row {
        std::string group;
        double tokens;  // wrong ones that are still allowed
        uint64_t at_ms;
    };
    Row& row(const std::string& group, uint64_t now_ms);

    const std::string token_;
    const uint32_t per_minute_max_;
    std::mutex mutex_;     // guards what follows; never held while anybody waits
    std::list<Row> rows_;  // the address that was wrong last stands first
    std::unordered_map<std::string, std::list<Row>::iterator> by_group_;
};

}  // namespace sara::rpc_http
