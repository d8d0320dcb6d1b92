import { PageHeader } from "@/components/page-header/page-header";
import { BriefForm } from "./brief-form";
import { ProjectList } from "./project-list";
import { WhoAnswers } from "./who-answers";

export default function CreatorPage() {
  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-1 gap-6 p-4 md:p-8">
      <div className="grid grid-cols-1 gap-2">
        <PageHeader title="Creator">Describe a small program, and a model writes its files.</PageHeader>
        <WhoAnswers />
      </div>
      <div className="grid grid-cols-1 items-start gap-8 lg:grid-cols-[1fr_22rem]">
        <BriefForm />
        <ProjectList />
      </div>
    </div>
  );
}
