#include "auth-callback/http_transfer.h"

#include <algorithm>
#include <new>

#include "auth-callback/signature.h"

namespace sara::auth_callback {
namespace {

// So much of an answer that nobody reads is taken before the connection is closed instead.
constexpr size_t kIgnoredBytesMax = 64u << 10;  // docs/limits.md: callback_ignored_bytes_max

template <class T>
void option(CURL* easy, CURLoption which, T value) {
    (void)curl_easy_setopt(easy, which, value);
}

}  // namespace

Transfer::Transfer(const Settings& settings) : settings_(settings), easy_(curl_easy_init()) {
    if (easy_ == nullptr) throw std::bad_alloc();
    option(easy_, CURLOPT_URL, settings_.url.c_str());
    option(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    option(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    option(easy_, CURLOPT_PROXY, "");  // also not the one of the environment
    option(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    option(easy_, CURLOPT_POST, 1L);
    option(easy_, CURLOPT_NOSIGNAL, 1L);
    option(easy_, CURLOPT_QUICK_EXIT, 1L);  // never wait for a name server that hangs
    option(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout_ms));
    option(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
    option(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
    option(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!settings_.ca_file.empty()) {
        option(easy_, CURLOPT_CAINFO, settings_.ca_file.c_str());
        option(easy_, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    }
    option(easy_, CURLOPT_WRITEFUNCTION, &Transfer::onBody);
    option(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
    option(easy_, CURLOPT_HEADERFUNCTION, &Transfer::onHeader);
    option(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
    option(easy_, CURLOPT_ERRORBUFFER, error_);
    option(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
}

Transfer::~Transfer() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
}

void Transfer::addHeader(const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    headers_ = longer;
}

void Transfer::prepare(const HttpCall& call, uint64_t now_ms, uint64_t wall_s) {
    wants_body_ = call.answer_bytes_max > 0;
    body_bytes_max_ = wants_body_ ? call.answer_bytes_max : kIgnoredBytesMax;
    header_count_ = header_bytes_ = 0;
    body_too_large_ = headers_too_large_ = false;
    body_.clear();
    error_[0] = '\0';
    curl_slist_free_all(headers_);
    headers_ = nullptr;
    addHeader("Expect:");  // no 100-continue: it costs a round trip and old backends ignore it
    addHeader("Cookie: name=body");
    addHeader("User-Agent: sara/1.0");
    if (!settings_.signing_secret.empty()) {
        addHeader("X-Sara-Timestamp: " + std::to_string(wall_s));
        addHeader("X-Sara-Signature: sha256=" +
                  signatureOf(settings_.signing_secret, wall_s, call.form));
    }
    option(easy_, CURLOPT_HTTPHEADER, headers_);
    option(easy_, CURLOPT_POSTFIELDS, call.form.data());
    option(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.form.size()));
    option(easy_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(body_bytes_max_));
    const uint64_t left_ms = call.deadline_ms > now_ms ? call.deadline_ms - now_ms : 1;
    option(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left_ms));
}

size_t Transfer::onBody(char* bytes, size_t size, size_t count, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    const size_t n = size * count;
    if (n > transfer.body_bytes_max_ - transfer.body_.size()) {
        transfer.body_too_large_ = true;
        return 0;
    }
    try {
        transfer.body_.append(bytes, n);
    } catch (const std::bad_alloc&) {
        transfer.body_too_large_ = true;
        return 0;
    }
    return n;
}

size_t Transfer::onHeader(char*, size_t size, size_t count, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    const size_t n = size * count;
    transfer.header_bytes_ += n;
    ++transfer.header_count_;
    if (transfer.header_count_ > kHeadersMax || transfer.header_bytes_ > kHeaderBytesMax) {
        transfer.headers_too_large_ = true;
        return 0;
    }
    return n;
}

HttpAnswer Transfer::failure(CURLcode code, long status) const {
    HttpAnswer answer;
    answer.http_status = static_cast<int>(status);
    if (headers_too_large_) {
        answer.status = Status::kFull;
        answer.reason = "the answer has too many headers";
    } else if (body_too_large_ || code == CURLE_FILESIZE_EXCEEDED) {
        answer.status = Status::kFull;
        answer.reason = "the answer is too large";
    } else {
        answer.status = code == CURLE_OPERATION_TIMEDOUT ? Status::kTimeout : Status::kIo;
        answer.reason = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    }
    return answer;
}

HttpAnswer Transfer::finish(CURLcode code) {
    long status = 0;
    (void)curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    const bool good = status >= 200 && status < 300;
    if (code != CURLE_OK && (wants_body_ || !good)) return failure(code, status);
    HttpAnswer answer;
    answer.http_status = static_cast<int>(status);
    answer.status = good ? Status::kOk : Status::kDenied;
    if (!good) answer.reason = "the answer has status " + std::to_string(status);
    answer.body.swap(body_);
    return answer;
}

}  // namespace sara::auth_callback
