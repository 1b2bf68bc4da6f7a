#include "store-redis/name_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace sara::store_redis {

struct NameLookup::Job {
    NameLookup* owner;
    Address address;
    Done done;
    NameAnswer answer;
};

bool NameLookup::atOnce(const Address& address, SocketAddress* out) {
    *out = {};
    if (address.isUnix()) {
        auto* to = reinterpret_cast<sockaddr_un*>(&out->storage);
        to->sun_family = AF_UNIX;
        std::memcpy(to->sun_path, address.path.data(), address.path.size());
        out->length =
            static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.path.size() + 1);
        return true;
    }
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out->storage);
    if (::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        out->length = sizeof(sockaddr_in);
        return true;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
    if (::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address.port);
        out->length = sizeof(sockaddr_in6);
        return true;
    }
    return false;
}

NameAnswer NameLookup::ask(const Address& address) {
    NameAnswer answer;
    if (atOnce(address, &answer.address)) return answer;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = AF_UNSPEC;
    addrinfo* found = nullptr;
    const int bad =
        ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (bad != 0 || found == nullptr) {
        answer.error = "no address for \"" + address.host + "\": " + ::gai_strerror(bad);
        return answer;
    }
    // Redis listens on IPv4 nearly everywhere; "localhost" often names ::1 first.
    const addrinfo* best = found;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        if (one->ai_family == AF_INET) {
            best = one;
            break;
        }
    }
    std::memcpy(&answer.address.storage, best->ai_addr, best->ai_addrlen);
    answer.address.length = best->ai_addrlen;
    ::freeaddrinfo(found);
    return answer;
}

bool NameLookup::start(const HostFace& host, const Address& address, Done done) {
    cancel();
    auto* job = new Job{this, address, std::move(done), {}};
    const auto work = [](void* user) noexcept {
        auto* j = static_cast<Job*>(user);
        j->answer = ask(j->address);
    };
    const auto finished = [](void* user) noexcept {
        const std::unique_ptr<Job> j(static_cast<Job*>(user));
        if (j->owner == nullptr) return;
        j->owner->job_ = nullptr;
        j->done(j->answer);
    };
    if (host.loop().work(host.table(), work, finished, job) != SARA_OK) {
        delete job;
        return false;
    }
    job_ = job;
    return true;
}

void NameLookup::cancel() {
    if (job_ != nullptr) job_->owner = nullptr;
    job_ = nullptr;
}

}  // namespace sara::store_redis
