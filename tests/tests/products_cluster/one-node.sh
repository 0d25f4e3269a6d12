#!/bin/bash
# A cluster of this one node, corosync and Pacemaker, in namespaces of its own: the first process
# there. Its folder is $1. What the two write and listen on lies over the machine's own and is gone
# with the last process; nothing of the machine is changed.
#
# Writes `ready` into its folder when Pacemaker answers. USR1: stops the cluster in its order, writes
# `stopped` and stays; TERM: stops it and ends. Exit code 77: the machine does not allow the set-up.
set -eu
dir=$1
node=$(uname -n)
mkdir -p "$dir"/{etc,ring,pacemaker/{cib,pengine,cores,blackbox},sbin}

cat > "$dir/etc/corosync.conf" <<END
totem {
  version: 2
  cluster_name: journey
  transport: knet
  token: 4000
}
nodelist {
  node {
    name: $node
    nodeid: 1
    ring0_addr: 127.0.0.1
  }
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_syslog: no
  to_stderr: yes
  to_logfile: no
}
END

# A short dc-deadtime: a first node waits so long for others before it elects itself.
cat > "$dir/pacemaker/cib/cib.xml" <<END
<cib validate-with="pacemaker-3.0" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config><cluster_property_set id="o"><nvpair id="o-dc" name="dc-deadtime" value="2s"/>
</cluster_property_set></crm_config><nodes/><resources>
<primitive id="fence" class="stonith" type="fence_journey">
<instance_attributes id="fence-i"><nvpair id="fence-h" name="pcmk_host_list" value="$node"/>
<nvpair id="fence-p" name="passwd" value="Fence-Secret-1"/></instance_attributes>
<operations><op id="fence-m" name="monitor" interval="60s" timeout="20s"/></operations></primitive>
<primitive id="dummy" class="ocf" provider="heartbeat" type="Dummy">
<operations><op id="dummy-m" name="monitor" interval="2s" timeout="20s"/></operations></primitive>
</resources><constraints/></configuration><status/></cib>
END
chmod 600 "$dir/pacemaker/cib/cib.xml"
chmod 750 "$dir"/pacemaker/*
chown -R hacluster:haclient "$dir/pacemaker"

# A fence agent that says yes to everything; nothing ever asks it to fence.
cat > "$dir/sbin/fence_journey" <<'END'
#!/bin/sh
action=
[ "${1:-}" = -o ] && action=${2:-}
[ $# -gt 0 ] || while read -r line; do case $line in action=*) action=${line#action=} ;; esac; done
[ "$action" = metadata ] || exit 0
cat <<XML
<?xml version="1.0"?><resource-agent name="fence_journey" shortdesc="yes"><longdesc>yes</longdesc>
<parameters><parameter name="action"><content type="string"/></parameter>
<parameter name="port"><content type="string"/></parameter>
<parameter name="passwd"><content type="string"/></parameter></parameters>
<actions><action name="on"/><action name="off"/><action name="reboot"/><action name="monitor"/>
<action name="metadata"/></actions></resource-agent>
XML
END
chmod 755 "$dir/sbin/fence_journey"

{
  mount --make-rprivate / &&
  mount --bind "$dir/etc" /etc/corosync &&
  mount --bind "$dir/ring" /var/lib/corosync &&
  mount --bind "$dir/pacemaker" /var/lib/pacemaker &&
  mount -t overlay overlay -o "lowerdir=$dir/sbin:/usr/sbin" /usr/sbin &&
  mount -t tmpfs tmpfs /dev/shm &&
  mount -t tmpfs -o mode=0755 tmpfs /run &&
  ip link set lo up
} || exit 77

ring= pacemaker=
# Pacemaker first: without its ring it would fence itself.
halt() {
  [ -z "$pacemaker" ] || { kill "$pacemaker" 2>/dev/null || true; wait "$pacemaker" || true; }
  [ -z "$ring" ] || { kill "$ring" 2>/dev/null || true; wait "$ring" || true; }
  ring= pacemaker=
}
trap 'halt; touch "$dir/stopped"' USR1
trap 'halt; exit 0' TERM

await() { # what, command...
  local what=$1 tries=600
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "waited in vain for $what"; halt; exit 1; }
    sleep 0.1
  done
}

/usr/sbin/corosync -f & ring=$!
await "the ring" /usr/sbin/corosync-quorumtool -s
PCMK_logfile=$dir/pacemaker.log PCMK_logfacility=none /usr/sbin/pacemakerd & pacemaker=$!
await "Pacemaker" /usr/sbin/crm_mon -1
touch "$dir/ready"
# A signal ends the wait; the first process of its name space must not end before it is told to.
while :; do
  sleep 3600 &
  wait $! || true
done
