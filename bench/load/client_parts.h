// What the load generator shares with `sara makeconn`: connections, their loop, packets, latencies.
#pragma once
#include "makeconn/driver.h"
#include "makeconn/histogram.h"
#include "makeconn/now_ns.h"
#include "makeconn/packets.h"

namespace sara::bench {

using makeconn::AckFrame;
using makeconn::batchAckFrame;
using makeconn::ChatFrame;
using makeconn::Connection;
using makeconn::Driver;
using makeconn::Histogram;
using makeconn::idOf;
using makeconn::loginFrame;
using makeconn::Mark;
using makeconn::nowNs;
using makeconn::Owner;
using makeconn::readId;
using makeconn::readMark;
using makeconn::userName;

}  // namespace sara::bench
