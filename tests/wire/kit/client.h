// A client of the tests: one socket, tcp, tls, ws or wss, that says exactly what it is told and
// shows exactly what came back. Decides how frames are cut; refuses to answer anything by itself
// (no acks, no heartbeats). Over ws it looks as over tcp: the end byte ends a message, what has
// none yet goes out as a fragment, and control bytes are bytes.
#pragma once
#include <openssl/ossl_typ.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client_frames.h"
#include "kit/deadline.h"
#include "kit/packet.h"

namespace sara::wire {

inline constexpr std::string_view kHeartbeatFrame{"\x02\x01", 2};
inline constexpr std::string_view kHeartbeatBody{"\x02", 1};
inline constexpr std::string_view kKillBody{"\x03", 1};

enum class Via { kTcp, kTls, kWs, kWss };

[[nodiscard]] inline bool overTls(Via via) { return via == Via::kTls || via == Via::kWss; }
[[nodiscard]] inline bool overWs(Via via) { return via == Via::kWs || via == Via::kWss; }
// "Tcp", "Tls", "Ws", "Wss": for names of tests.
[[nodiscard]] std::string nameOf(Via via);
// What tests use that do not care: $SARA_TEST_VIA ("ws"), or tcp.
[[nodiscard]] Via usualVia();

class Client {
  public:
    struct Options {
        Via via = Via::kTcp;               // as the port that is connected to
        std::string source = "127.0.0.1";  // our address, to look like several hosts
        int receive_buffer = 0;            // SO_RCVBUF before connect; 0 leaves it
        int tls_version_max = 0;           // OpenSSL's number; 0 for the newest
    };

    // Connects (shakes hands, upgrades) or throws std::runtime_error.
    Client(uint16_t port, const Options& options);
    explicit Client(uint16_t port, Via via = Via::kTcp);
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    // Sends all bytes; false when the connection died or the server did not read in time.
    bool sendRaw(std::string_view bytes, Millis wait = kPatience);
    bool send(const std::string& body) { return sendRaw(body + '\x01'); }
    // The bytes themselves, also over ws.
    bool sendBytes(std::string_view bytes, Millis wait = kPatience);

    // The next frame body; nothing when the deadline passed or the connection ended.
    [[nodiscard]] std::optional<std::string> next(Millis wait = kPatience);
    // The next frame as a packet. Throws std::runtime_error when there is none: the test ends
    // there.
    [[nodiscard]] Packet packet(Millis wait = kPatience);
    // The next packet that is not a server acknowledgement.
    [[nodiscard]] Packet message(Millis wait = kPatience);
    // True when the server closed the connection before the deadline; frames that came first are
    // kept in rest().
    [[nodiscard]] bool closed(Millis wait = kPatience);
    [[nodiscard]] const std::vector<std::string>& rest() const { return rest_; }
    // Bytes behind the last end byte.
    [[nodiscard]] const std::string& unread() const { return buffer_; }
    [[nodiscard]] bool wasReset() const { return reset_; }  // RST instead of FIN
    // Of the server's Close frame; 0 when there was none.
    [[nodiscard]] int closeCode() const { return close_code_; }
    [[nodiscard]] const std::string& closeReason() const { return close_reason_; }
    [[nodiscard]] const std::vector<std::string>& pongs() const { return pongs_; }

    // Logs in and returns the reply.
    Packet login(const std::string& jid, const std::string& id = "login",
                 const std::string& password = "");
    // Login plus the acknowledgement of the delay batch.
    Packet loginAndAck(const std::string& jid, const std::string& id = "login");
    void acknowledge(const std::string& id) { send(ackPacket(id, jid_)); }

    void shutdownWrite();  // FIN of our side
    void close();          // both sides; unread bytes of ours make it an RST
    [[nodiscard]] int fd() const { return fd_; }

  private:
    bool fill(const Deadline& deadline);  // one read; false at end or deadline
    long readSome(char* bytes, size_t size);
    long writeSome(const char* bytes, size_t size);
    void handshake(const Options& options);
    void upgrade();
    void decode();  // frames of ws become what tcp would have brought

    int fd_ = -1;
    SSL_CTX* context_ = nullptr;
    SSL* ssl_ = nullptr;
    // OpenSSL reads and writes one connection on one thread at a time.
    std::unique_ptr<std::mutex> ssl_turn_ = std::make_unique<std::mutex>();
    // The poll event that the last call of each direction asked for: one thread may read while
    // another writes.
    short read_waits_for_ = 0;
    short write_waits_for_ = 0;
    bool ended_ = false;
    bool reset_ = false;
    bool ws_ = false;
    bool in_message_ = false;  // ours has begun and has no end yet
    int close_code_ = 0;
    std::string close_reason_;
    std::vector<std::string> pongs_;
    std::string undecoded_;
    std::string jid_;
    std::string buffer_;
    std::vector<std::string> rest_;
};

}  // namespace sara::wire
