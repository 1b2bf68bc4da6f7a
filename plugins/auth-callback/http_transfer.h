// One request on the wire: a libcurl handle, the limits that are checked while the answer comes in,
// and the verdict when it has ended. Decides what counts as which failure. Refuses redirects,
// proxies, other protocols than http and https, and answers beyond their limits. Used by one
// thread.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>

#include "auth-callback/http_call.h"
#include "auth-callback/settings.h"

namespace sara::auth_callback {

inline constexpr size_t kHeadersMax = 100;            // docs/limits.md: callback_headers_max
inline constexpr size_t kHeaderBytesMax = 32u << 10;  // docs/limits.md: callback_header_bytes_max

class Transfer {
  public:
    // settings must outlive this. Throws std::bad_alloc when libcurl has no memory.
    explicit Transfer(const Settings& settings);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Prepares the handle for one try of call, which stays the caller's until the try has ended.
    // now_ms: steadyMs(); wall_s for the signature.
    void prepare(const HttpCall& call, uint64_t now_ms, uint64_t wall_s);
    // The verdict of a try that ended with code.
    HttpAnswer finish(CURLcode code);

    CURL* handle() const { return easy_; }
    // An attempt with this outcome may be made again without asking twice for something that
    // happened: nothing of what is called changes the backend but notices, and those are keyed.
    static bool mayRetry(const HttpAnswer& answer) {
        return answer.status == Status::kIo || answer.http_status >= 500;
    }
    // Says whether the backend itself works: a status 4xx is an answer.
    static bool isFailure(const HttpAnswer& answer) {
        return answer.status == Status::kIo || answer.status == Status::kTimeout ||
               answer.status == Status::kFull || answer.http_status >= 500;
    }

  private:
    static size_t onBody(char* bytes, size_t size, size_t count, void* self) noexcept;
    static size_t onHeader(char* bytes, size_t size, size_t count, void* self) noexcept;
    void addHeader(const std::string& line);
    HttpAnswer failure(CURLcode code, long status) const;

    const Settings& settings_;
    CURL* const easy_;
    curl_slist* headers_ = nullptr;
    size_t body_bytes_max_ = 0;
    bool wants_body_ = false;
    size_t header_count_ = 0;
    size_t header_bytes_ = 0;
    bool body_too_large_ = false;
    bool headers_too_large_ = false;
    std::string body_;
    char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace sara::auth_callback
