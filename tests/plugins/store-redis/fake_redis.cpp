#include "fake_redis.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <vector>

#include "store-redis/scripts.h"

namespace sara::store_redis {

FakeRedis::FakeRedis(std::function<std::string(int)> answer, std::string slots)
    : answer_(std::move(answer)), slots_(std::move(slots)) {
    std::string name = (std::filesystem::temp_directory_path() / "sara-fake-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    path_ = folder_ + "/s";
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path_.c_str(), sizeof at.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(listener_, 16) != 0) {
        throw std::runtime_error("no socket");
    }
    thread_ = std::thread([this] { serve(); });
}

FakeRedis::~FakeRedis() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void FakeRedis::serve() {
    std::string greeting;
    for (uint32_t i = 0; i < kScripts; ++i) greeting += "+sha\r\n";
    greeting += slots_.empty() ? "-ERR This instance has cluster support disabled\r\n" : slots_;
    greeting += "+PONG\r\n";
    struct Client {
        std::string in;
        bool greeted = false;
    };
    std::map<int, Client> clients;
    while (!stop_) {
        std::vector<pollfd> fds{{listener_, POLLIN, 0}};
        for (const auto& [fd, client] : clients) fds.push_back({fd, POLLIN, 0});
        if (::poll(fds.data(), fds.size(), 10) <= 0) continue;
        if ((fds[0].revents & POLLIN) != 0) clients[::accept(listener_, nullptr, nullptr)] = {};
        for (size_t i = 1; i < fds.size(); ++i) {
            if (fds[i].revents == 0) continue;
            char block[65536];
            const ssize_t n = ::recv(fds[i].fd, block, sizeof block, 0);
            Client& client = clients[fds[i].fd];
            if (n <= 0) {
                ::close(fds[i].fd);
                clients.erase(fds[i].fd);
                continue;
            }
            client.in.append(block, static_cast<size_t>(n));
            // The greeting ends with the first PING.
            if (!client.greeted && client.in.find("$4\r\nPING\r\n") == std::string::npos) continue;
            const std::string bytes = client.greeted ? answer_(answered_++) : greeting;
            client.greeted = true;
            ::send(fds[i].fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
    }
    for (const auto& [fd, client] : clients) ::close(fd);
}

}  // namespace sara::store_redis
