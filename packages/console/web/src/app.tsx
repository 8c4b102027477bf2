import { useEffect, useState } from 'react'
import type { ConsoleInfo } from '../../src/shapes.ts'
import { ClusterPage } from './pages/cluster.tsx'
import { DoctorPage } from './pages/doctor.tsx'
import { GroupPage } from './pages/group.tsx'
import { GroupsPage } from './pages/groups.tsx'
import { HistoryPage } from './pages/history.tsx'
import { TokenPage } from './pages/token.tsx'
import { TopicPage } from './pages/topic.tsx'
import { TopicsPage } from './pages/topics.tsx'
import { Link } from './parts/link.tsx'
import { Failure } from './parts/parts.tsx'
import { useLoaded, whenTokenIsMissing } from './state/api.ts'
import { InfoContext } from './state/info.ts'
import { segmentsOf, useAddress } from './state/router.ts'

const PAGES = [
  ['groups', 'Groups'],
  ['topics', 'Topics'],
  ['history', 'History'],
  ['doctor', 'Doctor'],
  ['cluster', 'Cluster'],
] as const

export function App() {
  const [isTokenMissing, setTokenMissing] = useState(false)
  useEffect(() => whenTokenIsMissing(() => setTokenMissing(true)), [])
  const info = useLoaded<ConsoleInfo>('/api/info')
  const segments = segmentsOf(useAddress())
  const current = segments[0] ?? 'groups'
  const title = segments.length > 1 ? segments[1]! : (PAGES.find(([path]) => path === current)?.[1] ?? 'Tidemark')
  useEffect(() => {
    document.title = `${title} · Tidemark`
  }, [title])
  if (isTokenMissing) return <TokenPage onDone={() => location.reload()} />
  return (
    <InfoContext value={info.data}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className="shell">
        <nav aria-label="Pages">
          <div>
            {' '}
            <b>Tidemark</b>
            {PAGES.map(([path, label]) => (
              <Link key={path} href={`/${path}`} aria-current={path === current ? 'page' : undefined}>
                {label}
              </Link>
            ))}
            <span className="where">{info.data?.clusterName}</span>
          </div>
        </nav>
        <main id="main" tabIndex={-1}>
          {info.error !== undefined && <Failure error={info.error} />}
          <Page key={segments.slice(0, 2).join('/')} segments={segments} />
        </main>
      </div>
    </InfoContext>
  )
}

function Page({ segments }: { segments: readonly string[] }) {
  const [page = 'groups', name] = segments
  if (page === 'groups') return name === undefined ? <GroupsPage /> : <GroupPage group={name} rest={segments.slice(2)} />
  if (page === 'topics') return name === undefined ? <TopicsPage /> : <TopicPage topic={name} />
  if (page === 'history') return <HistoryPage />
  if (page === 'doctor') return <DoctorPage />
  if (page === 'cluster') return <ClusterPage />
  return <h1>There is no such page</h1>
}
