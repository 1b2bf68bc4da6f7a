// The ceiling: a relay that does the least that chat can do on plain sockets. It learns jids from
// logins with a text search, forwards bytes, answers with canned acks, keeps messages for absent
// users in memory, and writes once per connection and turn. No validation, no limits, no
// durability: nobody can be much faster, and what a server adds for all that is read off as a
// ratio. Loopback only. usage: ceiling [--port N]   (0: a free one)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

constexpr char kFrameEnd = '\x01';

struct Peer {
    int fd = -1;
    std::string jid;
    std::string in;  // a frame that is not complete
    std::string out;
    size_t sent = 0;
    bool dirty = false;
};

struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <typename Value>
using ByJid = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// The text value of a member, found by its name alone.
std::string_view member(std::string_view frame, std::string_view quoted_name) {
    const auto at = frame.find(quoted_name);
    if (at == std::string_view::npos) return {};
    const auto begin = at + quoted_name.size();
    return frame.substr(begin, frame.find('"', begin) - begin);
}

class Ceiling {
  public:
    explicit Ceiling(uint16_t port) : scratch_(256 << 10) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int one = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
            ::listen(listener_, 4096) != 0) {
            std::perror("ceiling");
            std::exit(1);
        }
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        epoll_event event{};
        event.events = EPOLLIN;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
        std::printf("ceiling ready, tcp 127.0.0.1:%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 512> events;
        for (;;) {
            const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; ++i) {
                auto* peer = static_cast<Peer*>(events[static_cast<size_t>(i)].data.ptr);
                if (peer == nullptr) {
                    accept();
                } else if (peer->fd >= 0) {
                    mark(*peer);
                    read(*peer);
                }
            }
            for (Peer* peer : dirty_) flush(*peer);
            dirty_.clear();
            for (Peer* peer : gone_) delete peer;
            gone_.clear();
        }
    }

  private:
    void accept() {
        for (int i = 0; i < 256; ++i) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int one = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            auto* peer = new Peer;
            peer->fd = fd;
            epoll_event event{};
            event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
            event.data.ptr = peer;
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
        }
    }

    void mark(Peer& peer) {
        if (peer.dirty) return;
        peer.dirty = true;
        dirty_.push_back(&peer);
    }

    void send(Peer& peer, std::string_view bytes) {
        peer.out.append(bytes);
        mark(peer);
    }

    void read(Peer& peer) {
        for (;;) {
            const ssize_t n = ::recv(peer.fd, scratch_.data(), scratch_.size(), 0);
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) return end(peer);
            const auto size = static_cast<size_t>(n);
            if (peer.in.empty()) {
                const size_t used = cut(peer, {scratch_.data(), size});
                if (used < size) peer.in.assign(scratch_.data() + used, size - used);
            } else {
                peer.in.append(scratch_.data(), size);
                peer.in.erase(0, cut(peer, peer.in));
            }
            if (size < scratch_.size()) return;
        }
    }

    size_t cut(Peer& peer, std::string_view bytes) {
        size_t start = 0;
        for (;;) {
            const void* end = std::memchr(bytes.data() + start, kFrameEnd, bytes.size() - start);
            if (end == nullptr) return start;
            const auto at = static_cast<size_t>(static_cast<const char*>(end) - bytes.data());
            if (at > start) frame(peer, bytes.substr(start, at + 1 - start));
            start = at + 1;
        }
    }

    // text has its end byte, so that it can be forwarded as it is.
    void frame(Peer& peer, std::string_view text) {
        if (text.size() == 2) return send(peer, text);  // heartbeat
        if (peer.jid.empty()) return login(peer, text);
        const std::string_view to = member(text, R"("to":")");
        if (to == "server_ack") return;
        const auto found = online_.find(to);
        if (to.empty()) {
            for (Peer* member : members_) {
                if (member != &peer) send(*member, text);
            }
        } else if (found != online_.end()) {
            send(*found->second, text);
        } else {
            keep(to, text);
        }
        if (text.find(R"("ack":1)") == std::string_view::npos) return;
        send(peer, R"({"envelope":{"id":")");
        send(peer, member(text, R"("id":")"));
        send(peer,
             "\",\"from\":\"server_ack\",\"type\":3,\"ct\":\"1795336641981\"},"
             "\"vsn\":\"0.0.1\"}\x01");
    }

    void login(Peer& peer, std::string_view text) {
        peer.jid = member(text, R"("jid":")");
        online_[peer.jid] = &peer;
        if (peer.jid.starts_with('m')) members_.push_back(&peer);
        send(peer, R"({"envelope":{"id":")");
        send(peer, member(text, R"("id":")"));
        send(peer, R"(","type":0},"entity":{"result":"ok"},"delay":{)");
        const auto found = kept_.find(peer.jid);
        if (found == kept_.end()) {
            send(peer, "\"total\":0}}\x01");
            return;
        }
        send(peer, R"("total":1,"packets":[)");
        send(peer, found->second);
        send(peer, "]}}\x01");
        kept_.erase(found);
    }

    void keep(std::string_view to, std::string_view text) {
        auto found = kept_.find(to);
        if (found == kept_.end()) found = kept_.emplace(std::string(to), std::string()).first;
        if (!found->second.empty()) found->second.push_back(',');
        found->second.append(text.substr(0, text.size() - 1));
    }

    void flush(Peer& peer) {
        peer.dirty = false;
        while (peer.fd >= 0 && peer.sent < peer.out.size()) {
            const ssize_t n = ::send(peer.fd, peer.out.data() + peer.sent,
                                     peer.out.size() - peer.sent, MSG_NOSIGNAL);
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) return end(peer);
            peer.sent += static_cast<size_t>(n);
        }
        peer.out.clear();
        peer.sent = 0;
    }

    void end(Peer& peer) {
        if (peer.fd < 0) return;
        const auto found = online_.find(peer.jid);
        if (found != online_.end() && found->second == &peer) online_.erase(found);
        ::close(peer.fd);
        peer.fd = -1;
        std::erase(members_, &peer);
        gone_.push_back(&peer);
    }

    int listener_ = -1;
    int epoll_ = -1;
    std::vector<char> scratch_;
    ByJid<Peer*> online_;
    std::vector<Peer*> members_;  // of the one group: everybody whose name begins with m
    ByJid<std::string> kept_;
    std::vector<Peer*> dirty_;
    std::vector<Peer*> gone_;
};

}  // namespace

int main(int argc, char** argv) {
    uint16_t port = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--port") == 0)
            port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    Ceiling(port).run();
}
