"""A real RTSP camera on this machine, by GStreamer: plays one H.264 mp4, at its own pace, to those who connect.

Needs the system's Python with (Debian) python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-rtsp. Usage: /usr/bin/python3 rtsp_server.py PORT FILE.mp4, then
rtsp://127.0.0.1:PORT/cam.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  # after the versions are chosen

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
played = f'filesrc location="{sys.argv[2]}" ! qtdemux ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96'
factory.set_launch(f"( {played} )")
factory.set_shared(True)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
sys.stdout.write("ready\n")
sys.stdout.flush()
GLib.MainLoop().run()
