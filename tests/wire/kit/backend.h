// The operator's backend of a test: an HTTP or HTTPS server on loopback that answers as it is told,
// also in the ways in which backends go wrong. Decides nothing about what is right: a test gives
// the answer, the mode says how it reaches the server, and every request is kept.
#pragma once
#include <openssl/ossl_typ.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kit/deadline.h"

namespace sara::wire {

enum class BackendMode {
    kGood,
    kRefuse,             // nobody listens
    kBlackHole,          // takes the request, never answers
    kResetAfterHeaders,  // RST in the middle of the answer
    kSlow,               // the right answer, 5 s late
    kByteByByte,         // the right answer, one byte per second
    kEndlessBody,
    kHugeLength,      // Content-Length of 2 GiB
    kNegativeLength,  // Content-Length: -1
    kManyHeaders,     // 2,000 of them
    kRedirectLoop,    // 302 to itself
    kHtml,            // status 200 and a page
    kTextTrue,        // "success":"true", the documented form
    kErrorThenGood,   // status 500, and the right answer to the next request
    kError,           // always status 500
    kCutHeaders       // half a status line, then FIN
};

struct BackendRequest {
    std::string head;  // request line and headers
    std::string form;  // the raw body
    std::string json;  // the field `body`, decoded
    std::string sn, service, method;
    [[nodiscard]] std::string param(const std::string& name) const;
    [[nodiscard]] std::string header(const std::string& lower_name) const;
};

class Backend {
  public:
    struct Identity {
        std::string cert_path, key_path;  // both empty: plain HTTP
    };

    explicit Backend(BackendMode mode = BackendMode::kGood) : Backend(mode, Identity{}) {}
    Backend(BackendMode mode, const Identity& tls, uint16_t port = 0);
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    [[nodiscard]] uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;

    // [any] The answer to a request; by default {"sn":"1","success":true}.
    void answer(std::function<std::string(const BackendRequest&)> f);
    void mode(BackendMode mode) { mode_.store(mode); }

    // [any] What has come so far, of one method or of all.
    [[nodiscard]] std::vector<BackendRequest> requests(const std::string& method = "") const;
    [[nodiscard]] bool waitRequests(size_t count, const std::string& method = "",
                                    Millis wait = kPatience) const;
    [[nodiscard]] size_t connections() const { return accepted_.load(); }

  private:
    struct Connection;

    void listenOn(uint16_t port);
    void acceptAll();
    void serve(Connection& connection);
    bool readRequest(Connection& connection, BackendRequest* request);
    // False: the connection ends.
    bool answerIn(BackendMode mode, Connection& connection, const std::string& body);
    bool answerBroken(BackendMode mode, Connection& connection, const std::string& body);
    // False: the backend ends.
    bool pause(Millis time);

    std::atomic<BackendMode> mode_;
    SSL_CTX* context_ = nullptr;
    int listener_ = -1;
    uint16_t port_ = 0;
    std::thread acceptor_;
    std::atomic<size_t> accepted_{0};

    mutable std::mutex mutex_;  // below
    std::condition_variable wake_;
    std::function<std::string(const BackendRequest&)> answer_;
    std::vector<BackendRequest> requests_;
    std::list<std::thread> threads_;
    std::list<int> open_;
    size_t errors_ = 0;
    bool ending_ = false;
};

}  // namespace sara::wire
