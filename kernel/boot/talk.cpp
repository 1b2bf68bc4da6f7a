#include "boot/talk.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <iostream>

#include "boot/talk_options.h"
#include "boot/talk_session.h"

namespace sara::boot {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kHeartbeatEvery = std::chrono::seconds(30);  // the server's idle limit is 100 s
constexpr auto kLoginWait = std::chrono::seconds(15);
constexpr auto kFinishWait = std::chrono::seconds(2);
constexpr auto kAckWait = std::chrono::seconds(10);
constexpr size_t kLineBytesMax = 512u << 10;

enum Exit { kDone = 0, kNoServer = 1, kUsage = 2, kNotAccepted = 3 };

// What a peer wrote goes to a terminal: control characters become '?', so that nobody draws on it.
std::string printable(std::string text) {
    for (char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) c = byte == '\t' || byte == '\n' ? ' ' : '?';
    }
    return text;
}

std::string clockTime(uint64_t time_ms) {
    const auto seconds = static_cast<time_t>(time_ms / 1000);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%H:%M:%S", &parts);
    return text.data();
}

void print(const TalkLine& line) {
    std::cout << clockTime(line.time_ms) << ' ';
    switch (line.kind) {
        case TalkLine::Kind::kMessage:
            std::cout << printable(line.from) << ": ";
            break;
        case TalkLine::Kind::kWaited:
            std::cout << printable(line.from) << " (offline): ";
            break;
        case TalkLine::Kind::kAccepted:
            std::cout << "* accepted: ";
            break;
        case TalkLine::Kind::kNotice:
            std::cout << "* ";
            break;
    }
    std::cout << printable(line.text) << std::endl;  // flushed: a pipe should see it at once
}

Poco::Net::StreamSocket connectTo(const TalkOptions& options) {
    namespace net = Poco::Net;
    const net::SocketAddress address(options.host, options.port);
    const Poco::Timespan timeout(5, 0);
    if (!options.tls) {
        net::StreamSocket socket;
        socket.connect(address, timeout);
        socket.setNoDelay(true);
        return socket;
    }
    const bool check = !options.ca_file.empty();
    net::Context::Ptr context(new net::Context(
        net::Context::TLS_CLIENT_USE, "", "", options.ca_file,
        check ? net::Context::VERIFY_STRICT : net::Context::VERIFY_NONE, 9, false));
    context->requireMinimumProtocol(net::Context::PROTO_TLSV1_2);
    net::SecureStreamSocket socket(context);
    socket.setPeerHostName(options.host);
    socket.connect(address, timeout);
    socket.completeHandshake();
    if (check) socket.verifyPeerCertificate();
    socket.setNoDelay(true);
    // A readable socket may hold a record without data for us; the read must not wait for the next
    // one.
    socket.setReceiveTimeout(Poco::Timespan(0, 50'000));
    return socket;
}

// Lines of stdin, without the end of line. Blocks only when poll said readable.
class LineReader {
  public:
    [[nodiscard]] bool ended() const { return ended_; }

    // Reads once and says every complete line; at the end of stdin the last line needs no end of
    // line.
    template <typename Say>
    void read(const Say& say) {
        std::array<char, 4096> chunk{};
        const ssize_t n = ::read(STDIN_FILENO, chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) return;
        if (n <= 0) {
            ended_ = true;
            if (!line_.empty()) say(line_);
            return;
        }
        for (ssize_t i = 0; i < n; ++i) {
            const char c = chunk[static_cast<size_t>(i)];
            if (c != '\n') line_.push_back(c);
            if (c != '\n' && line_.size() < kLineBytesMax) continue;
            if (!line_.empty() && line_.back() == '\r') line_.pop_back();
            if (!line_.empty()) say(line_);
            line_.clear();
        }
    }

  private:
    std::string line_;
    bool ended_ = false;
};

int waitMs(Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    return left.count() <= 0 ? 0 : static_cast<int>(left.count()) + 1;
}

// Ends the talk: what the person learns when the connection is over.
int farewell(const TalkSession& session) {
    using State = TalkSession::State;
    const char* what = session.state() == State::kRefused ? "login refused: " : "";
    std::cerr << "sara talk: " << what << printable(session.reason()) << std::endl;
    return kNoServer;
}

// Waits for the login reply. False: no answer in time.
bool logIn(TalkSession& session, const Poco::Net::StreamSocket& socket) {
    session.login();
    const auto until = Clock::now() + kLoginWait;
    while (session.state() == TalkSession::State::kLoggingIn) {
        pollfd fd{socket.impl()->sockfd(), POLLIN, 0};
        if (::poll(&fd, 1, waitMs(until)) > 0) session.read();
        if (Clock::now() >= until) return false;
    }
    return true;
}

// Asks the server to echo and waits for it, so that our last acknowledgement is not cut off by the
// close.
void finish(TalkSession& session, const Poco::Net::StreamSocket& socket) {
    session.heartbeat();
    const auto until = Clock::now() + kFinishWait;
    while (session.heartbeatOpen() && session.state() == TalkSession::State::kOnline) {
        pollfd fd{socket.impl()->sockfd(), POLLIN, 0};
        if (::poll(&fd, 1, waitMs(until)) > 0) session.read();
        if (Clock::now() >= until) return;
    }
}

int converse(TalkSession& session, const Poco::Net::StreamSocket& socket) {
    LineReader lines;
    auto heartbeat_at = Clock::now() + kHeartbeatEvery;
    auto last_news = Clock::now();
    while (session.state() == TalkSession::State::kOnline) {
        const bool listen = !lines.ended();
        if (!listen && session.owed() == 0) {
            finish(session, socket);
            return session.refused() == 0 ? kDone : kNotAccepted;
        }
        const auto until = listen ? heartbeat_at : std::min(heartbeat_at, last_news + kAckWait);
        std::array<pollfd, 2> fds{
            {{socket.impl()->sockfd(), POLLIN, 0}, {listen ? STDIN_FILENO : -1, POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), waitMs(until)) < 0 && errno != EINTR) return kNoServer;
        const auto now = Clock::now();
        if (fds[0].revents != 0) {
            session.read();
            last_news = now;
        }
        if (listen && fds[1].revents != 0) {
            lines.read([&](const std::string& line) { session.say(line); });
            last_news = now;
        }
        if (now >= heartbeat_at) {
            session.heartbeat();
            heartbeat_at = now + kHeartbeatEvery;
        }
        if (!listen && session.owed() > 0 && now >= last_news + kAckWait) {
            std::cerr << "sara talk: " << session.owed() << " not accepted" << std::endl;
            return kNotAccepted;
        }
    }
    return farewell(session);
}

int talk(const std::vector<std::string>& args) {
    TalkOptions options;
    const std::string wrong = parseTalkOptions(args, options);
    if (!wrong.empty()) {
        std::cerr << "sara talk: " << wrong << "\n\n" << talkUsage();
        return kUsage;
    }
    if (options.help) {
        std::cout << talkUsage();
        return kDone;
    }
    std::signal(SIGPIPE, SIG_IGN);
    if (options.tls) Poco::Net::initializeSSL();
    const Poco::Net::StreamSocket socket = connectTo(options);
    TalkSession session(socket, options, print);
    if (!logIn(session, socket)) {
        std::cerr << "sara talk: no answer to the login" << std::endl;
        return kNoServer;
    }
    return converse(session, socket);
}

}  // namespace

int runTalk(const std::vector<std::string>& args) noexcept {
    try {
        return talk(args);
    } catch (const Poco::Exception& e) {
        std::cerr << "sara talk: " << e.displayText() << std::endl;
    } catch (const std::exception& e) {
        std::cerr << "sara talk: " << e.what() << std::endl;
    }
    return kNoServer;
}

}  // namespace sara::boot
