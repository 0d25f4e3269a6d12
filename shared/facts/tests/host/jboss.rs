//! One JBoss server with a little of everything, reduced as on a host.

use serde_json::{Value, json};

/// The survey of the server.
pub fn instance() -> Value {
    let xml = "<server xmlns='urn:jboss:domain:16.0'>
      <management><security-realms><security-realm name='ManagementRealm'/></security-realms>
        <management-interfaces><http-interface http-authentication-factory='m'>
          <socket-binding http='management-http'/></http-interface></management-interfaces>
      </management>
      <profile>
        <subsystem xmlns='urn:jboss:domain:datasources:6.0'><datasources>
          <datasource jndi-name='java:/ShopDS' pool-name='ShopDS'>
            <connection-url>jdbc:mysql://10.0.0.9/shop</connection-url><driver>mysql</driver>
            <pool><max-pool-size>30</max-pool-size></pool>
            <security><password>x</password></security></datasource></datasources></subsystem>
        <subsystem xmlns='urn:jboss:domain:infinispan:12.0'><cache-container name='web'
          default-cache='dist'><transport lock-timeout='60000'/><distributed-cache name='dist'
          owners='2'/></cache-container></subsystem>
        <subsystem xmlns='urn:jboss:domain:io:3.0'><worker name='default'/></subsystem>
        <subsystem xmlns='urn:jboss:domain:jgroups:8.0'><channels default='ee'><channel name='ee'
          stack='tcp'/></channels><stacks><stack name='tcp'><transport type='TCP'
          socket-binding='jgroups-tcp'/><protocol type='TCPPING'><property name='initial_hosts'
          >a[7600],b[7600]</property></protocol><protocol type='MERGE3'/></stack></stacks>
        </subsystem>
        <subsystem xmlns='urn:jboss:domain:logging:8.0'><size-rotating-file-handler name='FILE'>
          <rotate-size value='50m'/><max-backup-index value='9'/></size-rotating-file-handler>
        </subsystem>
        <subsystem xmlns='urn:jboss:domain:transactions:6.0'><core-environment
          node-identifier='${jboss.tx.node.id:1}'/></subsystem>
        <subsystem xmlns='urn:jboss:domain:undertow:12.0'><server name='s'><http-listener
          name='default' socket-binding='http'/></server><servlet-container name='default'/>
        </subsystem>
      </profile>
      <interfaces><interface name='public'><inet-address value='${jboss.bind.address:127.0.0.1}'/>
        </interface></interfaces>
      <socket-binding-group name='g' default-interface='public' port-offset='0'>
        <socket-binding name='http' port='8080'/><socket-binding name='jgroups-tcp' port='7600'/>
        <socket-binding name='management-http' port='9990'/></socket-binding-group></server>";
    let tree = carepack_shared::jboss::reduce(xml).expect("a document");
    json!({"looked_at_processes": true, "truncated": false, "instances": [{
        "home": "/opt/eap", "base": "/opt/eap/standalone", "mode": "standalone",
        "config": "standalone.xml", "process": {"pid": 7, "user": "jboss",
        "argv": ["java", "-b", "0.0.0.0"]}, "servers": [], "version":
        "Red Hat JBoss Enterprise Application Platform - Version 7.4.13.GA", "manifest": null,
        "overlays": [], "patches": [], "options": [], "java_home": null,
        "files": [{"path": "x", "kind": "server", "tree": tree}],
        "users": [{"file": "mgmt-users.properties", "count": 1, "well_known": [], "mode": "0600",
        "uid": 5}], "deployments": [{"name": "a.war", "state": "deployed"}],
        "logs": {"files": 1, "bytes": 9, "largest_bytes": 9}, "pending_transactions": 0}]})
}
